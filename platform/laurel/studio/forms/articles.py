"""What a marketer sends of an article."""

from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from laurel.articles.models import Article, ArticleRevision
from laurel.articles.rules import MAX_AUTHOR, MAX_BODY, MAX_CATEGORY, MAX_DEK, MAX_SEO, MAX_SLUG, MAX_TITLE, SLUG, ArticleDraft
from laurel.web.forms import LaurelForm, read_seen


class ArticleForm(LaurelForm):
    """An article as it is written; `base_n` is the revision that the author started from."""

    title = StringField("Title", validators=[InputRequired("Give the article a title; you can change it later."), Length(max=MAX_TITLE)])
    slug = StringField(
        "Address",
        validators=[
            Length(max=MAX_SLUG),
            Regexp(rf"\Z|{SLUG.pattern}", message="Use lower-case letters, digits and single hyphens, for example how-models-learn."),
        ],
    )
    dek = TextAreaField("Sentence under the title", validators=[Optional(), Length(max=MAX_DEK)])
    category = StringField("Category", validators=[Optional(), Length(max=MAX_CATEGORY)])
    tags = StringField("Tags", validators=[Optional(), Length(max=600)])
    author_name = StringField("Byline", validators=[Optional(), Length(max=MAX_AUTHOR)])
    body = TextAreaField(
        "Text", validators=[Length(max=MAX_BODY, message=f"The text has at most {MAX_BODY:,} characters. Split it into two articles.")]
    )
    seo_description = TextAreaField("Description for search engines", validators=[Optional(), Length(max=MAX_SEO)])
    base_n = HiddenField(default="0")

    @property
    def draft(self) -> ArticleDraft:
        return ArticleDraft(
            title=self.title.data or "",
            dek=self.dek.data or "",
            body=self.body.data or "",
            category=self.category.data or "",
            tags=tuple((self.tags.data or "").split(",")),
            seo_description=self.seo_description.data or "",
            author_name=self.author_name.data or "",
        )

    @property
    def base(self) -> int:
        """The revision that the author started from; 0, which is never the latest, if the number is none."""
        return read_seen(self.base_n.data)


def values_of(article: Article, revision: ArticleRevision) -> dict[str, str]:
    """What the form shows of a saved revision."""
    return {
        "title": revision.title,
        "slug": article.slug,
        "dek": revision.dek,
        "category": revision.category,
        "tags": ", ".join(revision.tags),
        "author_name": revision.author_name,
        "body": revision.body,
        "seo_description": revision.seo_description,
        "base_n": str(revision.n),
    }
