"""Webhooks in the admin, and a log of what each was sent and how it responded."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import CharField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from heroesite.records.admin.base import ReadOnlyModelAdmin, StrictModelAdmin
from heroesite.records.audit.entries import Action
from heroesite.records.models.base import record_models

from .deliveries import schedule_deliveries, send_test_event
from .models import Attempt, Delivery, Webhook, new_secret


class WebhookForm(forms.ModelForm):
    """Selects the events of a webhook, all of them by default."""

    kinds = forms.MultipleChoiceField(label=_("Record types"), widget=forms.CheckboxSelectMultiple)
    actions = forms.MultipleChoiceField(
        label=_("Actions"), widget=forms.CheckboxSelectMultiple, choices=Action.choices
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = [(model._meta.model_name, model._meta.verbose_name_plural) for model in record_models()]
        for field, choices in (("kinds", models), ("actions", Action.choices)):
            if field in self.fields:
                self.fields[field].choices = choices  # type: ignore[attr-defined]
                self.fields[field].initial = [name for name, _label in choices]


@admin.register(Webhook)
class WebhookAdmin(StrictModelAdmin):
    form = WebhookForm
    list_display = ("url", "active", "events", "created_at")
    list_filter = ("active",)
    search_fields = ("url",)
    readonly_fields = ("signing_secret", "active_since")
    actions = ("send_test_event", "rotate_secrets")

    @admin.display(description=_("events"))
    def events(self, webhook: Webhook) -> str:
        return f"{', '.join(webhook.kinds)}: {', '.join(webhook.actions)}"

    @admin.display(description=_("secret"))
    def signing_secret(self, webhook: Webhook) -> str:
        """Return what the receiver checks signatures with."""
        return webhook.secret

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> Any:
        """Show the secret to those who could replace it."""
        fields = ["url", "kinds", "actions", "active"]
        if obj is None:
            return fields
        can_change = self.has_change_permission(request, obj)
        return [*fields, "active_since", *(["signing_secret"] if can_change else [])]

    @admin.action(description=_("Send test event"), permissions=["change"])
    def send_test_event(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        active = list(webhooks.filter(active=True))
        for webhook in active:
            send_test_event(webhook)
        message = ngettext(
            "%(count)d test event is being sent. See Deliveries for the response.",
            "%(count)d test events are being sent. See Deliveries for the responses.",
            len(active),
        )
        level = messages.SUCCESS if active else messages.WARNING
        self.message_user(request, message % {"count": len(active)}, level)

    @admin.action(description=_("Rotate secrets"), permissions=["change"])
    def rotate_secrets(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        for webhook in webhooks:
            webhook.secret = new_secret()
            webhook.save(update_fields=["secret"])
        message = _("Secrets rotated. Give each receiver the new secret shown on its webhook's page.")
        self.message_user(request, message, messages.SUCCESS)


class AttemptInline(admin.TabularInline):
    model = Attempt
    fields = readonly_fields = ("at", "status", "response", "error")
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("webhooks.view_delivery")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyModelAdmin):
    list_display = ("at", "type", "state", "last_response", "due", "webhook")
    list_filter = ("state", "webhook")
    search_fields = ("message", "type")
    fields = ("webhook", "message", "type", "at", "state", "due", "body")
    inlines = (AttemptInline,)
    actions = ("resend",)
    list_select_related = ("webhook",)

    @admin.display(description=_("last response"))
    def last_response(self, delivery: Any) -> str:
        return delivery.last_response or "–"

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return deliveries with the status or error of their last attempt."""
        attempts = Attempt.objects.filter(delivery=OuterRef("pk")).order_by("-id")
        outcome = attempts.values(
            outcome=Coalesce(Cast("status", CharField()), "error", output_field=CharField())
        )
        return super().get_queryset(request).annotate(last_response=Subquery(outcome[:1]))

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("webhooks.change_webhook")

    @admin.action(description=_("Send again"), permissions=["resend"])
    def resend(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        selected = deliveries.filter(webhook__active=True)
        count = selected.update(state=Delivery.State.WAITING, due=timezone.now())
        schedule_deliveries()
        message = ngettext(
            "%(count)d delivery is being sent again.", "%(count)d deliveries are being sent again.", count
        )
        self.message_user(request, message % {"count": count}, messages.SUCCESS)
