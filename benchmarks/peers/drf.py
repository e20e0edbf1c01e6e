"""Stock Django REST framework: a ModelViewSet with LimitOffsetPagination."""

from typing import Any

from django.urls import path
from plain.models import ORDERS, Hero, Team
from rest_framework import serializers, viewsets

MEMBERS = ["id", "name", "secret_name", "age", "team_id", "version", "created_at", "updated_at"]


class TeamSerializer(serializers.ModelSerializer):
    class Meta:
        model = Team
        fields = ["id", "name", "headquarters", "version", "created_at", "updated_at"]


class RowSerializer(serializers.ModelSerializer):
    team_id = serializers.PrimaryKeyRelatedField(
        source="team", queryset=Team.objects.all(), required=False, allow_null=True
    )

    class Meta:
        model = Hero
        fields = MEMBERS
        extra_kwargs = {"secret_name": {"write_only": True}}


class HeroSerializer(RowSerializer):
    team = TeamSerializer(read_only=True)

    class Meta(RowSerializer.Meta):
        fields = [*MEMBERS, "team"]


class HeroViewSet(viewsets.ModelViewSet):
    def get_serializer_class(self) -> Any:
        return RowSerializer if self.action == "list" else HeroSerializer

    def get_queryset(self) -> Any:
        if self.action == "list":
            return Hero.objects.order_by(*ORDERS[self.request.query_params.get("ordering", "name")])
        return Hero.objects.select_related("team")


urlpatterns = [
    path("heroes/", HeroViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "heroes/<int:pk>",
        HeroViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
]
