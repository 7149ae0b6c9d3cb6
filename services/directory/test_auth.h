// AuthRig: the auth service and a client of it over a real socket, for tests.
#pragma once

#include "io/test_folder.h"
#include "io/test_loop.h"
#include "services/directory/auth_client.h"
#include "services/directory/auth_service.h"
#include "services/directory/seen_page.h"
#include "services/directory/test_directory.h"

namespace hikyaku::directory {

struct AuthRig : DirectoryRig {
  io::TestFolder folder;
  std::string path = folder / "auth.sock";
  std::unique_ptr<Reader> reader;
  io::Workers workers{2, 64};
  io::Loop loop{{.longest_step = 10s}};  // one script waits as a command does
  std::unique_ptr<AuthService> service;
  std::unique_ptr<io::ChannelServer> server;
  std::unique_ptr<AuthClient> client;
  std::shared_ptr<SeenPage> page;
  storage::MemoryEngine srs_engine;
  SrsSecrets srs{srs_engine};
  int requests = 0;  // that auth got
  AccountId ann;

  AuthRig() {
    std::string trouble;
    page = SeenPage::open(folder / "directory-seen", trouble);
    REQUIRE(page);
    domain("a.example");
    Account account;
    account.address = at("ann@a.example");
    ann = *editor.add_account(account, "right horse");
  }
  void run(AuthOptions options, Task<void> (*script)(AuthRig&)) {
    reader = std::make_unique<Reader>(engine, page, "auth");
    options.cost = {.operations = 1, .memory_octets = 8 << 20};
    service = std::make_unique<AuthService>(loop, workers, *reader, Secrets(secrets_engine), std::move(options));
    REQUIRE(service->prepare(loop.after(5s)));
    auto* answering = service.get();
    server = std::make_unique<io::ChannelServer>(loop, *io::listen_on(io::SocketAddress::unix_path(path)),
        [answering, this](io::Message request, io::PeerProcess peer) { return ++requests, answering->answer(std::move(request), peer); });
    client = std::make_unique<AuthClient>(loop, path, 10s, folder / "directory-seen");
    loop.spawn(server->serve());
    io::run_to_end(loop, script(*this));
  }
};

inline const PeerContext over_tls{Protocol::Imap, TlsState::Tls, "192.0.2.9", std::string(32, 'b')};
inline const GuardTerms at_once{.slow_failures = SlowFailures::No};

}  // namespace hikyaku::directory
