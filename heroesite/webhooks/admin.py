"""Webhooks in the admin: who is told what, what they were told, and what they answered."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from heroesite.records.admin.base import ReadOnlyModelAdmin, StrictModelAdmin
from heroesite.records.audit.entries import Action
from heroesite.records.models.base import record_models

from .deliveries import deliver_soon, greet
from .models import Attempt, Delivery, Webhook, new_secret


class WebhookForm(forms.ModelForm):
    kinds = forms.MultipleChoiceField(label=_("Kinds"), widget=forms.CheckboxSelectMultiple)
    actions = forms.MultipleChoiceField(
        label=_("Actions"), widget=forms.CheckboxSelectMultiple, choices=Action.choices
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(kind._meta.model_name, kind._meta.verbose_name_plural) for kind in record_models()]
        for field, choices in (("kinds", names), ("actions", Action.choices)):
            if field in self.fields:
                self.fields[field].choices = choices  # type: ignore[attr-defined]
                self.fields[field].initial = [name for name, _label in choices]


@admin.register(Webhook)
class WebhookAdmin(StrictModelAdmin):
    form = WebhookForm
    list_display = ("url", "active", "told", "created_at")
    list_filter = ("active",)
    search_fields = ("url",)
    readonly_fields = ("key",)
    actions = ("send_greeting", "renew_secret")

    @admin.display(description=_("told of"))
    def told(self, webhook: Webhook) -> str:
        return f"{', '.join(webhook.kinds)}: {', '.join(webhook.actions)}"

    @admin.display(description=_("secret"))
    def key(self, webhook: Webhook) -> str:
        """What the receiver checks signatures with."""
        return webhook.secret

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        """The secret is shown to those who could give it another."""
        fields = ["url", "kinds", "actions", "active"]
        return [*fields, "key"] if obj and self.has_change_permission(request, obj) else fields

    def save_model(self, request: HttpRequest, webhook: Webhook, form: Any, change: bool) -> None:
        """A webhook that begins again is not told of what was changed meanwhile."""
        if "active" in form.changed_data:
            webhook.after = ""
        super().save_model(request, webhook, form, change)

    @admin.action(description=_("Send a greeting to try it"), permissions=["change"])
    def send_greeting(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        for webhook in webhooks.filter(active=True):
            greet(webhook)
        self.message_user(request, _("The greetings are on their way; see Deliveries."), messages.SUCCESS)

    @admin.action(description=_("Give new secrets"), permissions=["change"])
    def renew_secret(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        for webhook in webhooks:
            webhook.secret = new_secret()
            webhook.save(update_fields=["secret"])
        words = _("From now on new secrets sign. Give each receiver the one on its webhook's page.")
        self.message_user(request, words, messages.SUCCESS)


class AttemptInline(admin.TabularInline):
    model = Attempt
    fields = readonly_fields = ("at", "status", "answer", "fault")
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("webhooks.view_delivery")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyModelAdmin):
    list_display = ("at", "type", "state", "last", "due", "webhook")
    list_filter = ("state", "webhook")
    search_fields = ("message", "type")
    fields = ("webhook", "message", "type", "at", "state", "due", "body")
    inlines = (AttemptInline,)
    actions = ("send_again",)
    list_select_related = ("webhook",)

    @admin.display(description=_("last answer"))
    def last(self, delivery: Delivery) -> str:
        return str(delivery.attempts.last() or "–")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("attempts")

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("webhooks.change_webhook")

    @admin.action(description=_("Send again"), permissions=["resend"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        sent = deliveries.filter(webhook__active=True)
        count = sent.update(state=Delivery.State.WAITING, due=timezone.now())
        deliver_soon()
        words = ngettext("%(count)d delivery is sent again.", "%(count)d deliveries are sent again.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
