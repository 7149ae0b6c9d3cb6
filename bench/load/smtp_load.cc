// smtp_load: a light SMTP and LMTP generator for the benchmarks. One epoll loop, no library: smtp-source costs 0.2-0.6
// CPU seconds per 1,000 messages, as much as a fast server, and would be the limit.
//
// Lock-step like an ordinary client without PIPELINING (every server is asked the same): EHLO, then for each message
// MAIL, RCPT, DATA, text. Prints one JSON line: accepted, refused, seconds, and the latency from the end of data to the
// reply in milliseconds (p50, p99). With --refused what is counted is the refusal of RCPT, and its time since the connection
// was begun.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {
using Steady = std::chrono::steady_clock;

struct Options {
  std::string host = "127.0.0.1", source, text, from = "sender@load.example", to = "user%d@load.example", verb = "EHLO";
  bool refused = false;  // every RCPT is to be refused
  int port = 0, connections = 20, recipients = 1;
  long messages = 1'000, per_connection = 1;
  long size = 10'240;
  double seconds = 0;  // stop starting messages after this long; 0: only `messages` ends the run
};

[[noreturn]] void usage(const char* problem) {
  std::fprintf(stderr,
               "smtp_load: %s\nusage: smtp_load --port N [--host IPv4] [--connections N] [--messages N] [--seconds S]\n"
               "  [--per-connection N] [--size OCTETS] [--from ADDRESS] [--to ADDRESS-with-%%d] [--recipients N] [--lmtp]\n"
               "  [--source IPv4] [--text FILE] [--refused]\n"
               "--to: %%d is replaced by 0 .. recipients-1 in turn\n",
               problem);
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--lmtp") {
      o.verb = "LHLO";
      continue;
    }
    if (name == "--refused") {
      o.refused = true;
      continue;
    }
    if (i + 1 == argc) usage("an option lacks its value");
    const char* value = argv[++i];
    if (name == "--host") o.host = value;
    else if (name == "--port") o.port = std::atoi(value);
    else if (name == "--connections") o.connections = std::atoi(value);
    else if (name == "--messages") o.messages = std::atol(value);
    else if (name == "--seconds") o.seconds = std::atof(value);
    else if (name == "--per-connection") o.per_connection = std::atol(value);
    else if (name == "--size") o.size = std::atol(value);
    else if (name == "--source") o.source = value;
    else if (name == "--text") o.text = value;
    else if (name == "--from") o.from = value;
    else if (name == "--to") o.to = value;
    else if (name == "--recipients") o.recipients = std::atoi(value);
    else usage("unknown option");
  }
  if (o.port <= 0) usage("--port is missing");
  return o;
}

enum class Waiting { Greeting, Hello, Mail, Rcpt, Data, Accepted, Quit };

struct Client {
  int fd = -1;
  Waiting waiting = Waiting::Greeting;
  std::string in, out;
  std::size_t sent = 0;
  long left = 0, number = 0;  // number: of the message under way, among all
  Steady::time_point begun, finished_sending;
};

// A message from a file, its lines ended by CRLF, as DATA takes it (RFC 5321 §4.5.2).
std::string stuffed(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) usage("the file of --text cannot be read");
  std::string text, out;
  char buffer[65536];
  for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, got);
  std::fclose(file);
  bool at_start = true;
  for (const char c : text) {
    if (at_start && c == '.') out += '.';
    out += c;
    at_start = c == '\n';
  }
  if (!at_start) usage("the text of --text must end with CRLF");
  return out;
}

class Load {
 public:
  explicit Load(Options options) : options_(std::move(options)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    body_ = "From: <" + options_.from + ">\r\nTo: <load@load.example>\r\nSubject: load\r\nMessage-ID: <";
    tail_ = "@load.example>\r\n\r\n";
    const std::string line = "The quick brown fox jumps over the lazy dog while the courier runs on.....\r\n";
    while (static_cast<long>(tail_.size() + line.size() + body_.size()) < options_.size) tail_ += line;
    tail_ += ".\r\n";
    if (!options_.text.empty()) text_ = stuffed(options_.text) + ".\r\n";
    clients_.resize(static_cast<std::size_t>(options_.connections));
  }

  int run() {
    started_ = Steady::now();
    for (auto& client : clients_) open(client);
    epoll_event events[256];
    while (live_ > 0) {
      const int count = epoll_wait(epoll_, events, 256, 30'000);
      if (count == 0) return std::fprintf(stderr, "smtp_load: no server answer for 30 s\n"), 1;
      for (int i = 0; i < count; ++i) turn(*static_cast<Client*>(events[i].data.ptr), events[i].events);
    }
    report();
    return 0;
  }

 private:
  bool may_start() const {
    if (begun_ >= options_.messages) return false;
    return options_.seconds <= 0 || std::chrono::duration<double>(Steady::now() - started_).count() < options_.seconds;
  }

  void open(Client& client) {
    if (!may_start()) return;
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(static_cast<std::uint16_t>(options_.port));
    inet_pton(AF_INET, options_.host.c_str(), &peer.sin_addr);
    client.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!options_.source.empty()) {
      sockaddr_in own{};
      own.sin_family = AF_INET;
      inet_pton(AF_INET, options_.source.c_str(), &own.sin_addr);
      setsockopt(client.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
      if (bind(client.fd, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) usage("--source is no address of this machine");
    }
    client.begun = Steady::now();
    client.waiting = Waiting::Greeting;
    client.in.clear();
    client.out.clear();
    client.sent = 0;
    client.left = options_.per_connection;
    if (connect(client.fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer) != 0 && errno != EINPROGRESS) {
      std::fprintf(stderr, "smtp_load: connect: %s\n", std::strerror(errno));
      std::exit(1);
    }
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = &client}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, client.fd, &event);
    ++live_;
  }

  void close_and_reopen(Client& client) {
    close(client.fd);
    client.fd = -1;
    --live_;
    open(client);
  }

  void turn(Client& client, std::uint32_t events) {
    if ((events & EPOLLIN) != 0) {
      char buffer[4096];
      for (;;) {
        const auto got = read(client.fd, buffer, sizeof buffer);
        if (got > 0) client.in.append(buffer, static_cast<std::size_t>(got));
        else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
          if (client.waiting != Waiting::Quit) ++broken_;
          return close_and_reopen(client);
        } else break;
      }
      std::size_t end;
      while ((end = client.in.find("\r\n")) != std::string::npos) {
        const std::string line = client.in.substr(0, end);
        client.in.erase(0, end + 2);
        if (line.size() < 4 || line[3] != '-') reply(client, line);
        if (client.fd < 0) return;
      }
    } else if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
      ++broken_;
      return close_and_reopen(client);
    }
    flush(client);
  }

  void reply(Client& client, const std::string& line) {
    const bool fine = line[0] == '2' || line[0] == '3';
    if (options_.refused && !fine && (client.waiting == Waiting::Rcpt || client.waiting == Waiting::Greeting)) {
      ++accepted_;
      finished_ = Steady::now();
      latencies_.push_back(std::chrono::duration<float, std::milli>(finished_ - client.begun).count());
      return say(client, "QUIT\r\n", Waiting::Quit);
    }
    if (options_.refused && client.waiting == Waiting::Rcpt) {
      if (refused_++ < 3) std::fprintf(stderr, "smtp_load: taken, though it should be refused: %s\n", line.c_str());
      return say(client, "QUIT\r\n", Waiting::Quit);
    }
    if (!fine && refused_++ < 3) std::fprintf(stderr, "smtp_load: refused: %s\n", line.c_str());
    if (!fine) return say(client, "QUIT\r\n", Waiting::Quit);
    switch (client.waiting) {
      case Waiting::Greeting: return say(client, options_.verb + " load.example\r\n", Waiting::Hello);
      case Waiting::Hello: return begin(client);
      case Waiting::Mail: {
        std::string to = options_.to;
        if (const auto at = to.find("%d"); at != std::string::npos)
          to.replace(at, 2, std::to_string(client.number % options_.recipients));
        return say(client, "RCPT TO:<" + to + ">\r\n", Waiting::Rcpt);
      }
      case Waiting::Rcpt: return say(client, "DATA\r\n", Waiting::Data);
      case Waiting::Data: {
        if (!text_.empty()) say(client, text_, Waiting::Accepted);
        else say(client, body_ + std::to_string(getpid()) + "." + std::to_string(begun_) + tail_, Waiting::Accepted);
        client.finished_sending = Steady::now();
        return;
      }
      case Waiting::Accepted:
        ++accepted_;
        latencies_.push_back(std::chrono::duration<float, std::milli>(Steady::now() - client.finished_sending).count());
        finished_ = Steady::now();
        return begin(client);
      case Waiting::Quit: return;
    }
  }

  void begin(Client& client) {
    if (client.left-- <= 0 || !may_start()) return say(client, "QUIT\r\n", Waiting::Quit);
    client.number = begun_++;
    say(client, "MAIL FROM:<" + options_.from + ">\r\n", Waiting::Mail);
  }

  void say(Client& client, const std::string& text, Waiting next) {
    client.out += text;
    client.waiting = next;
    flush(client);
  }

  void flush(Client& client) {
    while (client.sent < client.out.size()) {
      const auto wrote = send(client.fd, client.out.data() + client.sent, client.out.size() - client.sent, MSG_NOSIGNAL);
      if (wrote <= 0) return;
      client.sent += static_cast<std::size_t>(wrote);
    }
    client.out.clear();
    client.sent = 0;
  }

  void report() {
    const double seconds = std::chrono::duration<double>(finished_ - started_).count();
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [&](double share) {
      return latencies_.empty() ? 0.0 : latencies_[static_cast<std::size_t>(share * static_cast<double>(latencies_.size() - 1))];
    };
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const double cpu = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                       static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    std::printf("{\"accepted\":%ld,\"refused\":%ld,\"broken\":%ld,\"seconds\":%.3f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
                "\"generator_cpu_seconds\":%.3f}\n",
                accepted_, refused_, broken_, seconds, at(0.5), at(0.99), cpu);
  }

  Options options_;
  int epoll_;
  std::string body_, tail_, text_;  // text_: the same for every message
  std::vector<Client> clients_;
  std::vector<float> latencies_;
  Steady::time_point started_, finished_;
  long begun_ = 0, accepted_ = 0, refused_ = 0, broken_ = 0;
  int live_ = 0;
};
}  // namespace

int main(int argc, char** argv) { return Load(parse(argc, argv)).run(); }
