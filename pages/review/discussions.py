"""待讨论: the discussions of a dataset, whose they are, and an answer to the one that is picked."""

from core.ui.review.discussion_list import draw_discussion_page

draw_discussion_page()
