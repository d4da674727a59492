"""Everything that can be broken on purpose, by the id of the failure it then is."""

from __future__ import annotations

from helpers.practice import front_end_faults, instagram_faults, ngrok_faults, strapi_faults
from helpers.practice.fault import Fault

FAULTS: dict[str, Fault] = {
    **strapi_faults.FAULTS,
    **instagram_faults.FAULTS,
    **ngrok_faults.FAULTS,
    **front_end_faults.FAULTS,
}
