"""How the front end behaves: a part of the release like any other code, which every page load reads.

A real front end is a script that the browser runs. Here it is the few facts about such a script that matter to the
service, and the visitors of the load generator (`live_event.load`) do what they say.
"""

from fastapi import APIRouter

router = APIRouter()

BEHAVIOUR = {
    # Does opening the live page enter the event, or only the button?
    "enter_on_load": False,
    # So often entering is tried again, at once, when the answer does not say that a registration was created.
    "enter_again": 0,
    # Does every sign of life ask auth who one is?
    "who_am_i_per_ping": False,
    # So many tabs refresh at the same moment, each with the token that they share.
    "tabs": 1,
}


@router.get("/client.json")
async def client() -> dict[str, bool | int]:
    """The front end."""
    return BEHAVIOUR
