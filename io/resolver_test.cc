#include "io/resolver.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>
#include <map>

#include "io/test_folder.h"
#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::io;
using namespace std::string_literals;

namespace {

std::string u16(int value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
std::string u32(int value) { return u16(value >> 16) + u16(value & 0xffff); }
std::string wire_name(std::string_view name) {
  std::string wire;
  while (!name.empty()) {
    const auto label = name.substr(0, name.find('.'));
    wire += static_cast<char>(label.size()) + std::string(label);
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  return wire + '\0';
}

// A name server on a UDP port of the kernel's choice: a table of (name, type) -> record data.
class NameServer {
 public:
  explicit NameServer(Loop& loop)
      : loop_(loop), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_storage storage;
    const auto length = SocketAddress(*IpAddress::parse("127.0.0.1"), 0).to_system(storage);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0);
    socklen_t size = sizeof storage;
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &size);
    address = SocketAddress::from_system(storage, size);
  }
  ~NameServer() { loop_.forget(socket_.get()); }

  void add(const std::string& name, int type, const std::string& rdata) {
    records_[{wire_name(name), type}].push_back(rdata);
  }
  void break_name(const std::string& name, int rcode) { broken_[wire_name(name)] = rcode; }

  static Task<void> serve(NameServer& server) {
    for (;;) {
      const Wake outcome = co_await server.loop_.readable(server.socket_.get(), Instant::max());
      if (outcome != Wake::Ready) co_return;
      server.answer_all();
    }
  }

  SocketAddress address;
  int questions = 0;

 private:
  void answer_all() {
    char query[2048];
    sockaddr_storage peer;
    socklen_t length = sizeof peer;
    for (ssize_t n = 0;
         (n = ::recvfrom(socket_.get(), query, sizeof query, 0, reinterpret_cast<sockaddr*>(&peer), &length)) > 12;) {
      const auto reply = answer(std::string_view(query, static_cast<std::size_t>(n)));
      if (!reply.empty())
        ::sendto(socket_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer), length);
    }
  }
  std::string answer(std::string_view query) {
    ++questions;
    const auto name_end = query.find('\0', 12) + 1;
    std::string name(query.substr(12, name_end - 12));
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    const int type = static_cast<unsigned char>(query[name_end]) << 8 | static_cast<unsigned char>(query[name_end + 1]);
    const auto question = std::string(query.substr(12, name_end + 4 - 12));
    const auto soa =
        "\xc0\x0c"s + u16(6) + u16(1) + u32(60) + u16(22) + "\0\0"s + u32(1) + u32(2) + u32(3) + u32(4) + u32(45);
    const auto broken = broken_.find(name);
    if (broken != broken_.end() && broken->second < 0) return {};
    const auto header = [&](int rcode, std::size_t answers, int authority) {
      return std::string(query.substr(0, 2)) + "\x81" + static_cast<char>(0x80 | rcode) + u16(1) +
             u16(static_cast<int>(answers)) + u16(authority) + u16(0) + question;
    };
    if (broken != broken_.end()) return header(broken->second, 0, 0);
    const auto found = records_.find({name, type});
    if (found == records_.end()) {
      bool exists = false;
      for (const auto& [key, unused] : records_) exists = exists || key.first == name;
      return header(exists ? 0 : 3, 0, 1) + soa;
    }
    std::string reply = header(0, found->second.size(), 0);
    for (const auto& rdata : found->second)
      reply += "\xc0\x0c"s + u16(type) + u16(1) + u32(120) + u16(static_cast<int>(rdata.size())) + rdata;
    return reply;
  }

  Loop& loop_;
  Descriptor socket_;
  std::map<std::pair<std::string, int>, std::vector<std::string>> records_;
  std::map<std::string, int> broken_;  // response code; negative: silence
};

struct Rig {
  Loop loop;
  NameServer server{loop};
  TestFolder folder;
  std::unique_ptr<Resolver> resolver;
  Rig() {
    std::ofstream(folder / "hosts") << "192.0.2.77 inside.example\n2001:db8::77 inside.example\n";
    server.add("example.com", 15, u16(10) + wire_name("MX1.example.com"));
    server.add("example.com", 15, u16(5) + wire_name("mx2.example.com"));
    server.add("nomail.example.com", 15, u16(0) + wire_name(""));
    server.add("mx1.example.com", 1, "\xc0\x00\x02\x01"s);
    server.add("mx1.example.com", 28, "\x20\x01\x0d\xb8"s + std::string(11, '\0') + '\1');
    server.add("1.2.0.192.in-addr.arpa", 12, wire_name("mx1.example.com"));
    server.add("7.0.0.10.in-addr.arpa", 12, wire_name("printer.example.com"));
    server.add("example.com", 16, "\x06v=spf1\x05 -all"s);
    server.add("here.test", 1, "\xc0\x00\x02\x09"s);
    server.break_name("fail.example.com", 2);
    server.break_name("silent.example.com", -1);
    remake({});
    loop.spawn(NameServer::serve(server));
  }
  void remake(ResolverOptions options) {
    if (options.forwarders.empty()) options.forwarders = {server.address};
    options.hosts_file = folder / "hosts";
    resolver.reset();
    resolver = std::make_unique<Resolver>(loop, options);
  }
};

template <class Record>
Task<void> put(Task<DnsAnswer<Record>> asking, DnsAnswer<Record>& into) {
  into = co_await std::move(asking);
}

Task<void> every_type(Rig& rig) {
  Resolver& dns = *rig.resolver;
  const Deadline soon = rig.loop.after(10s);
  auto asking_mx = dns.mx("Example.COM.", soon);
  auto mx = co_await std::move(asking_mx);
  REQUIRE(mx.outcome == DnsOutcome::Found);
  std::ranges::sort(mx.records, {}, &MxRecord::preference);
  CHECK(mx.records == std::vector<MxRecord>{{5, "mx2.example.com"}, {10, "mx1.example.com"}});
  CHECK(mx.ttl > 100s);
  CHECK(mx.ttl <= 120s);
  CHECK(!mx.secure);
  auto asking_null = dns.mx("nomail.example.com", soon);
  const auto null_mx = co_await std::move(asking_null);
  CHECK(null_mx.records == std::vector<MxRecord>{{0, ""}});
  auto asking_a = dns.a("mx1.example.com", soon);
  const auto a = co_await std::move(asking_a);
  CHECK(a.records == std::vector{*IpAddress::parse("192.0.2.1")});
  CHECK(a.canonical == "mx1.example.com");
  auto asking_aaaa = dns.aaaa("mx1.example.com", soon);
  const auto aaaa = co_await std::move(asking_aaaa);
  CHECK(aaaa.records == std::vector{*IpAddress::parse("2001:db8::1")});
  auto asking_ptr = dns.ptr(*IpAddress::parse("192.0.2.1"), soon);
  const auto ptr = co_await std::move(asking_ptr);
  CHECK(ptr.records == std::vector{"mx1.example.com"s});
  auto asking_private = dns.ptr(*IpAddress::parse("10.0.0.7"), soon);
  const auto private_ptr = co_await std::move(asking_private);
  CHECK(private_ptr.records == std::vector{"printer.example.com"s});
  auto asking_txt = dns.txt("example.com", soon);
  const auto txt = co_await std::move(asking_txt);
  CHECK(txt.records == std::vector{"v=spf1 -all"s});
  auto asking_hosts = dns.a("inside.example", soon);
  const auto hosts = co_await std::move(asking_hosts);
  CHECK(hosts.records == std::vector{*IpAddress::parse("192.0.2.77")});
}

Task<void> every_nothing(Rig& rig) {
  Resolver& dns = *rig.resolver;
  struct Row {
    const char* name;
    DnsOutcome outcome;
  };
  for (const auto& [name, outcome] :
       {Row{"missing.example.com", DnsOutcome::NoSuchName}, Row{"example.com", DnsOutcome::NoData},
        Row{"fail.example.com", DnsOutcome::TemporaryFailure}, Row{"silent.example.com", DnsOutcome::TemporaryFailure},
        Row{"here.test", DnsOutcome::NoSuchName}, Row{"a..b", DnsOutcome::NoSuchName}, Row{"", DnsOutcome::NoData}}) {
    if (std::string_view(name).empty()) continue;
    auto asking = dns.a(name, rig.loop.after(outcome == DnsOutcome::TemporaryFailure ? 300ms : Duration(20s)));
    const auto answer = co_await std::move(asking);
    CHECK_MESSAGE(answer.outcome == outcome, name, ": ", answer.why);
    CHECK(answer.records.empty());
    CHECK(!answer.why.empty());
  }
  auto too_long = dns.a(std::string(300, 'x') + ".example", rig.loop.after(20s));
  const auto answer = co_await std::move(too_long);
  CHECK(answer.outcome == DnsOutcome::NoSuchName);
}

Task<void> cache(Rig& rig) {
  rig.remake({.ask_reserved = {"test."}, .cache_limit = 2});
  Resolver& dns = *rig.resolver;
  for (int round = 0; round < 3; ++round) {
    auto asking = dns.a("here.test", rig.loop.after(5s));
    const auto answer = co_await std::move(asking);
    CHECK(answer.records == std::vector{*IpAddress::parse("192.0.2.9")});
    CHECK(rig.server.questions == 1);
  }
  for (const char* name : {"mx1.example.com", "missing.example.com", "missing.example.com"}) {
    auto asking = dns.a(name, rig.loop.after(5s));
    (void)co_await std::move(asking);
    CHECK(dns.cached() == 2);
  }
  CHECK(rig.server.questions == 3);
  dns.forget_cache();
  CHECK(dns.cached() == 0);
}

}  // namespace

TEST_CASE("resolver: every type of record, the hosts file, and private reverse names") {
  Rig rig;
  run_to_end(rig.loop, every_type(rig));
}

TEST_CASE("resolver: says why there is nothing") {
  Rig rig;
  run_to_end(rig.loop, every_nothing(rig));
}

TEST_CASE("resolver: answers are kept, also negative ones, within the limit") {
  Rig rig;
  run_to_end(rig.loop, cache(rig));
}

TEST_CASE("resolver: stopping ends a question") {
  Rig rig;
  DnsAnswer<IpAddress> answer;
  rig.loop.spawn(put(rig.resolver->a("silent.example.com", Instant::max()), answer));
  run_to_end(rig.loop, [](Loop& loop) -> Task<void> { co_await loop.sleep_until(loop.after(50ms)); }(rig.loop));
  CHECK(answer.outcome == DnsOutcome::TemporaryFailure);
  CHECK(answer.why == "this process is stopping");
}

namespace {
Task<void> ask_many(Rig& rig, int& found, Duration& slowest) {
  for (int i = 0; i < 20; ++i) {
    const auto began = rig.loop.now();
    auto asking = rig.resolver->a("host" + std::to_string(i) + ".many.example.com", rig.loop.after(20s));
    const auto answer = co_await std::move(asking);
    found += answer.outcome == DnsOutcome::Found;
    slowest = std::max<Duration>(slowest, rig.loop.now() - began);
  }
  rig.loop.stop();
}
}  // namespace

TEST_CASE("resolver: a server that is dead, silent or broken is passed over for one that answers") {
  enum class First { Dead, Broken, Silent };
  for (const auto how : {First::Dead, First::Broken, First::Silent}) {
    CAPTURE(static_cast<int>(how));
    Rig rig;
    auto first = std::make_unique<NameServer>(rig.loop);
    for (int i = 0; i < 20; ++i) {
      const auto name = "host" + std::to_string(i) + ".many.example.com";
      rig.server.add(name, 1, "\xc0\x00\x02\x09"s);
      first->break_name(name, how == First::Broken ? 2 : -1);
    }
    rig.remake({.forwarders = {first->address, rig.server.address}});
    if (how == First::Dead) first.reset();  // its port is closed
    else rig.loop.spawn(NameServer::serve(*first));
    int found = 0;
    Duration slowest{};
    rig.loop.spawn(ask_many(rig, found, slowest));
    rig.loop.run();
    CHECK(found == 20);
    CHECK(slowest < 15s);
    rig.resolver.reset();
  }
}

TEST_CASE("resolver: options that cannot be used are told") {
  Loop loop;
  CHECK_THROWS_AS(Resolver(loop, {.trust_anchors = "/nonexistent/anchors"}), std::runtime_error);
  CHECK_THROWS_AS(Resolver(loop, {.forwarders = {SocketAddress::unix_path("/tmp/dns")}}), std::runtime_error);
}

TEST_CASE("dns record data: what is cut, too long or points elsewhere is refused") {
  CHECK(parse_dns_name("\x04MAIL\x07"
                       "example\0"s) == "mail.example");
  CHECK(parse_dns_name("\0"s) == "");
  CHECK(parse_dns_name("\x03"
                       "a.b\0"s) == "a\\046b");
  CHECK(parse_txt("\0"s) == "");
  for (const auto& bad : {""s, "\x04mail"s, "\x04mai\0"s, "\xc0\x0c"s,
                          "\x01"
                          "a\0x"s,
                          std::string(64, '\x40') + '\0'})
    CHECK(!parse_dns_name(bad));
  std::string longest;
  for (int i = 0; i < 128; ++i) longest += "\1x";
  CHECK(!parse_dns_name(longest + '\0'));
  for (const auto& bad : {""s, "\0"s, "\0\1"s, "\0\1\1a"s}) CHECK(!parse_mx(bad));
  for (const auto& bad : {""s, "\2x"s, "\1xx"s, "\xff"s}) CHECK(!parse_txt(bad));
}
