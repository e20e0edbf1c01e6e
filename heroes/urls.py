from heroesite.records.urls import record_urls

from . import views

app_name = "heroes"
urlpatterns = record_urls(views, "Hero")
