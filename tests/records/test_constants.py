"""{% constant %} renders its contents once for each language and value of its variables."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.urls import set_script_prefix
from django.utils import translation
from django.utils.safestring import mark_safe

from heroes.models import Hero


def render(template, **variables):
    return template.render(Context(variables))


def test_contents_can_use_only_the_variables_that_the_tag_names():
    template = Template(
        "{% load records %}{% constant a=x.y %}{{ a }}{{ b }}{{ x.y }}{% endconstant %}{{ b }}"
    )
    assert render(template, x={"y": 1}, b="!") == "1!"
    assert render(template, x={"y": 2}, b="?") == "2?"
    assert render(template, b="?") == "None?"


def test_contents_are_rendered_once_for_each_value():
    counted = []

    class Value:
        def __str__(self):
            counted.append(self)
            return "<value>"

    template = Template("{% load records %}{% constant value=value %}{{ value }}{% endconstant %}")
    first, second = Value(), Value()
    for value in (first, second, first, second):
        assert render(template, value=value) == "&lt;value&gt;"
    assert counted == [first, second]


def test_equal_values_of_different_types_are_rendered_separately():
    template = Template("{% load records %}{% constant value=value %}{{ value }}{% endconstant %}")
    values = [mark_safe("<b>"), "<b>", True, 1]
    assert [render(template, value=value) for value in values] == ["<b>", "&lt;b&gt;", "True", "1"]


def test_a_record_is_refused():
    with pytest.raises(TypeError):
        render(Template("{% load records %}{% constant hero=hero %}{% endconstant %}"), hero=Hero(pk=1))


@pytest.mark.parametrize("words", ["value", "value=1 other"])
def test_a_variable_without_a_name_is_a_syntax_error(words):
    with pytest.raises(TemplateSyntaxError):
        Template(f"{{% load records %}}{{% constant {words} %}}{{% endconstant %}}")


def test_each_language_and_script_prefix_has_its_own_contents():
    template = Template(
        "{% load i18n records %}{% constant opts=opts %}{% url 'home' %}"
        " {% blocktranslate with name=opts.verbose_name %}New {{ name }}{% endblocktranslate %}"
        "{% endconstant %}"
    )
    found = []
    for prefix in ("/", "/register/"):
        set_script_prefix(prefix)
        for language in ("en", "de", "en"):
            with translation.override(language):
                found.append(render(template, opts=Hero._meta))
    set_script_prefix("/")
    assert found[:3] == ["/ New hero", found[1], "/ New hero"]
    assert found[3:] == [f"/register{text}" for text in found[:3]]
    assert found[1] != found[0]


@pytest.mark.django_db
def test_the_navigation_shows_the_current_list(visitor_browser):
    for _time in range(2):
        for address, current in (
            ("/heroes/", 1),
            ("/teams/", 1),
            ("/history/", 1),
            ("/", 0),
            ("/nowhere", 0),
        ):
            page = visitor_browser.get(address, follow=True).content.decode()
            assert page.count('aria-current="true"') == current
            assert current == 0 or f'<a href="{address}" aria-current="true">' in page
