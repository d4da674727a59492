"""Everything that can be broken on purpose, by the id of the failure it then is."""

from __future__ import annotations

from helpers.rehearsal import faults_front_end, faults_instagram, faults_ngrok, faults_strapi
from helpers.rehearsal.fault import Fault

FAULTS: dict[str, Fault] = {
    **faults_strapi.FAULTS,
    **faults_instagram.FAULTS,
    **faults_ngrok.FAULTS,
    **faults_front_end.FAULTS,
}
