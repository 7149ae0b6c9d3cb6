"""What an operator mistypes gets one sentence that says what to do, and a second server does not start."""
import subprocess

from harness import Server, expect, scenario


@scenario
def run(folder):
    with Server(folder, accounts=False).start() as server:
        def said(*arguments, config=None):
            done = subprocess.run([server.program, "--config", config or server.config, *arguments], capture_output=True, text=True, timeout=60,
                                  env={"LANG": "C", "PATH": "/usr/bin:/bin"})
            expect(done.returncode != 0, f"{arguments} fails")
            return done.stderr

        expect('did you mean "deliver"' in said("service", "stop", "dleiver").lower() or "no such service" in said("service", "stop", "dleiver"), "a wrong service")
        expect('Did you mean "status"' in said("statsu"), "a wrong command")
        expect("not configured" in said("service", "start", "console"), "a service that is not configured")
        for _ in range(5):
            words = said("serve")
            expect("another server already runs" in words, f"a second server: {words}")
        wrong = folder / "wrong.toml"
        wrong.write_text("[smtp]\nrecipient = 5\n")
        words = said("serve", config=wrong)
        expect("wrong.toml:2" in words and 'did you mean "recipients"' in words, f"a wrong setting: {words}")
        expect("cannot be read" in said("serve", config=folder / "missing.toml"), "a missing file")
