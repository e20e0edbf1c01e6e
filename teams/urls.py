from heroesite.records.urls import record_urls

from . import views

app_name = "teams"
urlpatterns = record_urls(views, "Team")
