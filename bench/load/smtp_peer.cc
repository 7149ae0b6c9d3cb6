// smtp_peer: next hops for the benchmarks, well and ill ones, each on a port of its own on all addresses of loopback, so
// that thousands of hosts are one process. One epoll loop, no library: smtp-sink costs as much as a fast sender.
//
//   smtp_peer [--accept PORT] [--busy PORT] [--grey PORT] [--tarpit PORT] [--silent PORT] [--connections N] [--rate N]
//
// accept: takes every mail; with --connections at most so many at once (421 to more), with --rate so many mails a second (its
// replies wait for their turn). busy: 451 to every RCPT. grey: 451 that asks for 300 seconds. tarpit: a greeting of one octet a
// second, for ever. silent: a port whose backlog is full, so that connecting gets no answer.
// Prints a JSON line each second: counts since the start (most: connections at once to accept; over: told 421), when the first
// and the last mail was accepted, held tarpit connections, its own CPU seconds. For a mail with a header
// line "X-Fresh: ID" also {"fresh": "ID", "at": nanoseconds of CLOCK_MONOTONIC at the final dot}.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {
using Steady = std::chrono::steady_clock;

enum class Kind { Accept, Busy, Grey, Tarpit, Silent };
constexpr std::size_t header_kept = 2048;  // where X-Fresh is looked for

struct Peer {
  int fd = -1;
  Kind kind = Kind::Accept;
  bool listens = false, in_text = false, turned_away = false;
  std::string in, out, header;
};

struct Counts {
  long connections = 0, accepted = 0, busy = 0, grey = 0, most = 0, over = 0;
  long long first = 0, last = 0;  // when a mail was accepted, nanoseconds of CLOCK_MONOTONIC
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "smtp_peer: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

class Peers {
 public:
  Peers() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  void limit(long connections, long rate) {
    if (connections > 0) most_connections_ = connections;
    if (rate > 0) turn_ = std::chrono::nanoseconds{1'000'000'000 / rate};
  }

  void listen_to(Kind kind, int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    if (bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) fail("bind");
    if (listen(fd, kind == Kind::Silent ? 0 : 4096) != 0) fail("listen");
    if (kind == Kind::Silent) return fill(at);
    auto* peer = new Peer{fd, kind, true, false, false, {}, {}, {}};  // lives as long as the process
    watch(*peer);
  }

  [[noreturn]] void run() {
    auto next = Steady::now() + std::chrono::seconds{1};
    epoll_event events[512];
    for (;;) {
      const auto until = waiting_.empty() ? next : std::min(next, next_turn_);
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now()).count();
      const int count = epoll_wait(epoll_, events, 512, static_cast<int>(left < 0 ? 0 : left));
      // Who leaves before who comes: a client that goes and comes back is one.
      std::vector<Peer*> coming;
      for (int i = 0; i < count; ++i) {
        auto& peer = *static_cast<Peer*>(events[i].data.ptr);
        if (peer.listens) coming.push_back(&peer);
        else serve(peer);
      }
      for (const auto* listener : coming) accept_all(*listener);
      give_turns();
      if (Steady::now() < next) continue;
      next += std::chrono::seconds{1};
      drip();
      report();
    }
  }

 private:
  void watch(Peer& peer) const {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &peer}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, peer.fd, &event) != 0) fail("epoll_ctl");
  }

  // Connections of our own that nobody accepts: the kernel then drops every further SYN.
  static void fill(sockaddr_in at) {
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 4; ++i) {
      const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      if (connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 && errno != EINPROGRESS) fail("connect");
    }
  }

  void accept_all(const Peer& listener) {
    for (;;) {
      const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int yes = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      ++counts_.connections;
      auto* peer = new Peer{fd, listener.kind, false, false, false, {}, {}, {}};
      watch(*peer);
      if (peer->kind == Kind::Accept && !admit(*peer)) continue;
      if (peer->kind == Kind::Tarpit) tarpits_.insert(peer);
      else say(*peer, "220 peer.example ESMTP\r\n");
      flush(*peer);
    }
  }

  // False: it is one too many, and was told so; the client hangs up.
  bool admit(Peer& peer) {
    if (open_ == most_connections_) {
      ++counts_.over;
      peer.turned_away = true;
      say(peer, "421 4.3.2 too many connections\r\n");
      flush(peer);
      return false;
    }
    counts_.most = std::max(counts_.most, ++open_);
    return true;
  }

  // The replies whose turn it is; what was not used of the rate is not made up for, but for what the timer's grain costs.
  void give_turns() {
    const auto now = Steady::now();
    next_turn_ = std::max(next_turn_, now - std::chrono::milliseconds{20});
    for (; !waiting_.empty() && next_turn_ <= now; next_turn_ += turn_) {
      auto* peer = waiting_.front();
      waiting_.pop_front();
      take(*peer);
      while (peer->in_text ? take_text(*peer) : take_line(*peer)) {}
      flush(*peer);
    }
  }

  void close_peer(Peer& peer) {
    close(peer.fd);
    if (peer.kind == Kind::Accept && !peer.turned_away) --open_;
    std::erase(waiting_, &peer);
    tarpits_.erase(&peer);
    delete &peer;
  }

  static void say(Peer& peer, std::string_view reply) { peer.out += reply; }

  // What does not go out at once is a peer that reads nothing; of ours there is none.
  static void flush(Peer& peer) {
    if (!peer.out.empty()) (void)!send(peer.fd, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
    peer.out.clear();
  }

  void serve(Peer& peer) {
    static char buffer[1 << 17];
    const auto got = recv(peer.fd, buffer, sizeof buffer, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return close_peer(peer);
    if (got < 0 || peer.kind == Kind::Tarpit || peer.turned_away) return;
    peer.in.append(buffer, static_cast<std::size_t>(got));
    while (peer.in_text ? take_text(peer) : take_line(peer)) {}
    flush(peer);
  }

  bool take_text(Peer& peer) {
    const auto end = peer.in.find("\r\n.\r\n");
    if (peer.header.size() < header_kept) peer.header.append(peer.in, 0, std::min(header_kept, end == std::string::npos ? peer.in.size() : end));
    if (end == std::string::npos) {
      if (peer.in.size() > 4) peer.in.erase(0, peer.in.size() - 4);
      return false;
    }
    peer.in.erase(0, end + 5);
    peer.in_text = false;
    if (turn_ == turn_.zero()) return take(peer), true;
    waiting_.push_back(&peer);
    return false;
  }

  void take(Peer& peer) {
    ++counts_.accepted;
    counts_.last = Steady::now().time_since_epoch().count();
    if (counts_.first == 0) counts_.first = counts_.last;
    if (const auto at = peer.header.find("X-Fresh: "); at != std::string::npos) {
      const auto id = peer.header.substr(at + 9, peer.header.find_first_of("\r\n", at) - at - 9);
      std::printf("{\"fresh\": \"%s\", \"at\": %lld}\n", id.c_str(), counts_.last);
    }
    peer.header.clear();
    say(peer, "250 2.0.0 taken\r\n");
  }

  bool take_line(Peer& peer) {
    const auto end = peer.in.find('\n');
    if (end == std::string::npos) return false;
    const std::string verb = peer.in.substr(0, std::min<std::size_t>(4, end));
    peer.in.erase(0, end + 1);
    if (verb == "EHLO") say(peer, "250-peer.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
    else if (verb == "RCPT" && peer.kind == Kind::Busy) ++counts_.busy, say(peer, "451 4.3.0 no time for this one\r\n");
    else if (verb == "RCPT" && peer.kind == Kind::Grey) ++counts_.grey, say(peer, "451 4.7.1 greylisted, try again in 300 seconds\r\n");
    else if (verb == "DATA" && peer.kind == Kind::Accept) peer.in_text = true, say(peer, "354 go ahead\r\n");
    else if (verb == "DATA") say(peer, "554 5.5.1 no valid recipients\r\n");
    else if (verb == "QUIT") leave(peer);
    else say(peer, "250 2.0.0 ok\r\n");
    return true;
  }

  // It is no connection any more, whenever the client closes its end.
  void leave(Peer& peer) {
    say(peer, "221 2.0.0 bye\r\n");
    flush(peer);
    shutdown(peer.fd, SHUT_WR);
    if (peer.kind == Kind::Accept && !std::exchange(peer.turned_away, true)) --open_;
  }

  void drip() {
    for (auto* peer : std::vector<Peer*>(tarpits_.begin(), tarpits_.end()))
      if (send(peer->fd, "2", 1, MSG_NOSIGNAL) < 0 && errno != EAGAIN) close_peer(*peer);
  }

  void report() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const double cpu = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    std::printf("{\"connections\": %ld, \"accepted\": %ld, \"last\": %lld, \"busy\": %ld, \"grey\": %ld, \"most\": %ld, \"over\": %ld, \"first\": %lld, \"tarpits\": %zu, "
                "\"cpu\": %.2f}\n", counts_.connections, counts_.accepted, counts_.last, counts_.busy, counts_.grey, counts_.most, counts_.over, counts_.first,
                tarpits_.size(), cpu);
    std::fflush(stdout);
  }

  int epoll_;
  Counts counts_;
  std::set<Peer*> tarpits_;
  long open_ = 0, most_connections_ = 1'000'000;  // to accept
  std::chrono::nanoseconds turn_{};               // between two replies; zero: no limit
  Steady::time_point next_turn_{};
  std::deque<Peer*> waiting_;  // for the reply to a mail
};

}  // namespace

int main(int argc, char** argv) {
  constexpr std::pair<std::string_view, Kind> kinds[] = {
      {"--accept", Kind::Accept}, {"--busy", Kind::Busy}, {"--grey", Kind::Grey}, {"--tarpit", Kind::Tarpit}, {"--silent", Kind::Silent}};
  rlimit files{65'536, 65'536};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) files.rlim_cur = files.rlim_max, setrlimit(RLIMIT_NOFILE, &files);
  Peers peers;
  long connections = 0, rate = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string_view(argv[i]) == "--connections") connections = std::atol(argv[i + 1]);
    if (std::string_view(argv[i]) == "--rate") rate = std::atol(argv[i + 1]);
  }
  peers.limit(connections, rate);
  for (int i = 1; i + 1 < argc; i += 2)
    for (const auto& [name, kind] : kinds)
      if (name == argv[i]) peers.listen_to(kind, std::atoi(argv[i + 1]));
  peers.run();
}
