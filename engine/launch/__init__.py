"""From a request to a running worker: devices, the launcher, the worker and the experiment it runs."""
