"""JupyterHub's configuration: classes, sockets, the portal's service and who may what. Then the operator's own config.d."""

import os
from pathlib import Path

from rpp_hub.bootstrap import home_from, open_installation
from rpp_hub.jupyter.configure import configure

c = get_config()
rpp = open_installation(home_from(os.environ))

configure(c, rpp)

for path in sorted(Path(rpp.installation.config_d).glob("*.py")):
    load_subconfig(str(path))
