// What an idle connection costs this process in memory: resident size with and without many of them, plain and TLS,
// each waiting in read(). The peers live in a child process. Usage: idle_bench [connections]
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "io/connection.h"
#include "io/loop.h"
#include "io/test_certificate.h"
#include "io/test_folder.h"

using namespace hikyaku;
using namespace hikyaku::io;

namespace {

enum class Kind { Plain, Tls };

struct Counts {
  std::size_t ready = 0;  // sessions that have greeted and were answered
};

Task<void> serve(std::unique_ptr<Connection> peer, std::shared_ptr<const TlsServerContext> context, Counts& counts) {
  Loop& loop = peer->loop();
  if (context) {
    auto starting = peer->start_tls_server(context, {}, loop.after(60s));
    const auto started = co_await std::move(starting);
    if (!started) std::fprintf(stderr, "%s\n", started.error().what.c_str()), std::exit(1);
  }
  auto greeting = peer->write("220 ready\r\n", loop.after(60s));
  (void)co_await std::move(greeting);
  for (;;) {
    auto reading = peer->read(loop.after(30min));
    const auto got = co_await std::move(reading);
    if (!got) co_return;
    ++counts.ready;
  }
}

// Says one line, so that every session has read and written, then stays silent.
Task<void> visit(std::unique_ptr<Connection> server, std::shared_ptr<const TlsClientContext> context) {
  Loop& loop = server->loop();
  if (context) {
    auto starting = server->start_tls_client(context, "", PeerCheck::None, {}, loop.after(60s));
    (void)co_await std::move(starting);
  }
  auto greeting = server->read(loop.after(60s));
  (void)co_await std::move(greeting);
  auto hello = server->write("EHLO idle\r\n", loop.after(60s));
  (void)co_await std::move(hello);
  for (;;) {
    auto reading = server->read(loop.after(30min));
    const auto got = co_await std::move(reading);
    if (!got) co_return;
  }
}

std::size_t resident_octets() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  std::size_t size = 0, resident = 0;
  if (std::fscanf(file, "%zu %zu", &size, &resident) != 2) std::abort();
  std::fclose(file);
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

struct Bench {
  Loop& loop;
  Kind kind;
  std::vector<Descriptor>& sockets;
  std::shared_ptr<const TlsServerContext> context;
  Counts counts;
};

// Connections come one after another, as they do in life: a thousand handshakes at once would leave the heap full of
// holes, which is another question.
Task<void> measure(Bench& bench) {
  Loop& loop = bench.loop;
  const std::size_t before = resident_octets();
  for (auto& socket : bench.sockets) {
    const std::size_t ready = bench.counts.ready;
    loop.spawn(
        serve(std::make_unique<Connection>(loop, std::move(socket), SocketAddress{}), bench.context, bench.counts));
    while (bench.counts.ready == ready) co_await loop.yield();
  }
  co_await loop.sleep_until(loop.after(100ms));
  const std::size_t octets = resident_octets() - before;
  std::printf("%s: %zu idle connections, %.2f KB each\n", bench.kind == Kind::Plain ? "plain" : "TLS",
              bench.sockets.size(), static_cast<double>(octets) / 1024.0 / static_cast<double>(bench.sockets.size()));
  loop.stop();
}

void run(Kind kind, std::size_t connections) {
  TestFolder folder;
  TestAuthority authority(folder.path());
  authority.issue("mail", "DNS:mail.example");
  std::vector<Descriptor> ours, theirs;
  for (std::size_t i = 0; i < connections; ++i) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::perror("socketpair"), std::exit(1);
    ours.emplace_back(ends[0]);
    theirs.emplace_back(ends[1]);
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ours.clear();
    Loop loop;
    const auto context = kind == Kind::Tls ? *TlsClientContext::make(authority.file()) : nullptr;
    for (auto& end : theirs)
      loop.spawn(visit(std::make_unique<Connection>(loop, std::move(end), SocketAddress{}), context));
    loop.run();
  }
  theirs.clear();
  Loop loop;
  const CertificateFiles files[] = {{folder / "mail.pem", folder / "mail.key"}};
  const auto context = kind == Kind::Tls ? *TlsServerContext::load(files) : nullptr;
  Bench bench{loop, kind, ours, context, {}};
  loop.spawn(measure(bench));
  loop.run();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t connections = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 4000;
  const rlimit many{.rlim_cur = connections * 2 + 100, .rlim_max = connections * 2 + 100};
  if (::setrlimit(RLIMIT_NOFILE, &many) != 0) std::perror("setrlimit");
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  run(Kind::Plain, connections);
  run(Kind::Tls, connections);
}
