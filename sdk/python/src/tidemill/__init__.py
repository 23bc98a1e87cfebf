"""Tidemill in Python: live queries and chat, over the official centrifuge client. See README.md."""
from ._chat import Chat, Room, RoomEvents
from ._client import Tidemill
from ._errors import TidemillError
from ._live import Live, LiveState
from ._names import channel_of, target_of

__all__ = ["Chat", "Live", "LiveState", "Room", "RoomEvents", "Tidemill", "TidemillError", "channel_of", "target_of"]
