from heroesite.records import views as records

from .filters import HeroFilterSet
from .forms import HeroForm
from .models import Hero


class HeroPage(records.RecordPage):
    model = Hero
    filterset_class = HeroFilterSet
    form_class = HeroForm


class HeroList(HeroPage, records.RecordList):
    pass


class HeroDetail(HeroPage, records.RecordDetail):
    pass


class HeroCreate(HeroPage, records.RecordCreate):
    pass


class HeroUpdate(HeroPage, records.RecordUpdate):
    pass


class HeroDelete(HeroPage, records.RecordDelete):
    pass


class HeroReveal(HeroPage, records.RecordReveal):
    pass
