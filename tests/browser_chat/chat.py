"""The page of the chat in Chromium: it alone takes as long as all other pages."""
from pages import steps_of


def cases_chat_page(binary):
    return steps_of("chat_page.js", binary)
