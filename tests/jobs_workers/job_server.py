"""A server with jobs that are kept in a folder."""
from server import Server


class JobServer(Server):
    def __init__(self, binary, folder, *arguments, **options):
        super().__init__(binary, "--jobs.enabled=true", "--jobs.faktory.listen=127.0.0.1:0",
                         f"--storage.sqlite.path={folder}/jobs.db", "--http_api.key=secret", *arguments, **options)

    def __enter__(self):
        super().__enter__()
        self.until_ready()
        return self
