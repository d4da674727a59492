"""What people click and look at: the only room with widgets. Notebooks import from here and nowhere else."""

from helpers.kit import open_kit
from helpers.notebook.check_views import board, check, doctor
from helpers.notebook.failure_forms import failure_pages, what_do_you_see
from helpers.notebook.login_form import LoginForm
from helpers.notebook.login_view import login_trace
from helpers.notebook.practice_form import PracticeForm
from helpers.notebook.project_forms import BackendForm, FrontEndForm, ProviderFileForm, by_hand, provider_file
from helpers.notebook.put_back_form import PutBackForm
from helpers.notebook.setup_forms import CredentialsForm, ProviderForm, StartForm, TunnelForm, UrlsForm
from helpers.notebook.share_progress import share

__all__ = [
    "BackendForm",
    "CredentialsForm",
    "FrontEndForm",
    "LoginForm",
    "PracticeForm",
    "ProviderFileForm",
    "ProviderForm",
    "PutBackForm",
    "StartForm",
    "TunnelForm",
    "UrlsForm",
    "board",
    "by_hand",
    "check",
    "doctor",
    "failure_pages",
    "login_trace",
    "open_kit",
    "provider_file",
    "share",
    "what_do_you_see",
]
