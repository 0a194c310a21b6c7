"""A noun that is a verb, too: `rpp link PROJECT FILE` beside `rpp link list PROJECT`."""

from __future__ import annotations

import click


class DefaultGroup(click.Group):
    """A group whose first command, `default`, is meant when the first word is none of its commands."""

    default = "make"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default's name before arguments that name no command."""
        words = [a for a in args if not a.startswith("-")]
        wants_help = not words and any(a in ctx.help_option_names for a in args)
        if args and not wants_help and (not words or words[0] not in self.commands):
            args = [self.default, *args]
        return super().parse_args(ctx, args)
