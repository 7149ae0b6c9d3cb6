#include "apps/cli/why/policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "apps/cli/access/dns_look.h"
#include "base/cursor.h"
#include "io/descriptor.h"
#include "protocol/spf/evaluation.h"

namespace hikyaku::cli {

namespace {

using delivery::PolicyFinding;
using delivery::PolicyRecord;
using delivery::RecordState;

constexpr Duration patience = 5s;  // a question

struct Check {
  const PolicyQuestion& question;
  std::string domain;  // SPF's and DMARC's
  std::vector<PolicyFinding> found;
  void add(PolicyRecord record, RecordState state, std::string english, std::string japanese) {
    found.push_back({record, state, std::move(english), std::move(japanese)});
  }
};

bool is_failure(io::DnsOutcome outcome) { return outcome == io::DnsOutcome::TemporaryFailure || outcome == io::DnsOutcome::Bogus; }

template <class Record, class Text>
spf::Answer answer_of(const io::DnsAnswer<Record>& from, Text text) {
  spf::Answer answer;
  answer.kind = is_failure(from.outcome) ? spf::Answer::Kind::Failure : from.records.empty() ? spf::Answer::Kind::Nothing : spf::Answer::Kind::Records;
  for (const auto& record : from.records) answer.records.push_back(text(record));
  return answer;
}

// The only PTR records that SPF asks for are those of the client's address: `ours`.
Task<spf::Answer> ask(io::Loop& loop, io::Resolver& resolver, spf::Question question, io::IpAddress ours) {
  const auto deadline = loop.after(patience);
  const auto as_it_is = [](const std::string& text) { return text; };
  const auto as_text = [](const io::IpAddress& address) { return address.to_string(); };
  switch (question.type) {
    case spf::RecordType::A: {
      auto asking = resolver.a(question.name, deadline);
      const auto answer = co_await std::move(asking);
      co_return answer_of(answer, as_text);
    }
    case spf::RecordType::Aaaa: {
      auto asking = resolver.aaaa(question.name, deadline);
      const auto answer = co_await std::move(asking);
      co_return answer_of(answer, as_text);
    }
    case spf::RecordType::Mx: {
      auto asking = resolver.mx(question.name, deadline);
      const auto answer = co_await std::move(asking);
      co_return answer_of(answer, [](const io::MxRecord& record) { return record.host; });
    }
    case spf::RecordType::Ptr: {
      auto asking = resolver.ptr(ours, deadline);
      const auto answer = co_await std::move(asking);
      co_return answer_of(answer, as_it_is);
    }
    case spf::RecordType::Txt: break;
  }
  auto asking = resolver.txt(question.name, deadline);
  const auto answer = co_await std::move(asking);
  co_return answer_of(answer, as_it_is);
}

Task<void> check_spf(io::Loop& loop, io::Resolver& resolver, Check& check) {
  spf::Evaluation evaluation({check.question.address.to_string(), "postmaster@" + check.domain, check.question.hostname, "", 0});
  for (;;) {
    auto step = evaluation.next();
    if (const auto* question = std::get_if<spf::Question>(&step)) {
      auto asking = ask(loop, resolver, *question, check.question.address);
      auto answer = co_await std::move(asking);
      evaluation.answer(*question, std::move(answer));
      continue;
    }
    const auto& verdict = std::get<spf::Verdict>(step);
    const std::string address = check.question.address.to_string(), term = spf_term(check.question.address);
    switch (verdict.outcome) {
      case spf::Outcome::Pass:
        check.add(PolicyRecord::Spf, RecordState::Good, "The SPF record of " + check.domain + " names our address " + address + ".", check.domain + " の SPF レコードは自サーバのアドレス " + address + " を含む。");
        break;
      case spf::Outcome::None:
        check.add(PolicyRecord::Spf, RecordState::Missing, "The domain " + check.domain + " has no SPF record. Remedy: publish the TXT record \"v=spf1 " + term + " ~all\".",
                  "ドメイン " + check.domain + " に SPF レコードがない。対処: TXT レコード \"v=spf1 " + term + " ~all\" を公開する。");
        break;
      case spf::Outcome::TempError: check.add(PolicyRecord::Spf, RecordState::Unknown, verdict.problem + ".", verdict.problem + "。"); break;
      case spf::Outcome::PermError:
        check.add(PolicyRecord::Spf, RecordState::Wrong, "The SPF record of " + check.domain + " is in error: " + verdict.problem + ".", check.domain + " の SPF レコードに誤りがある: " + verdict.problem + "。");
        break;
      default:
        check.add(PolicyRecord::Spf, RecordState::Wrong, "The SPF record of " + check.domain + " does not name our address " + address + " (" + std::string(spf::outcome_name(verdict.outcome)) + (verdict.matched.empty() ? "" : " by " + verdict.matched) + "). Remedy: add " + term + " to it.",
                  check.domain + " の SPF レコードに自サーバのアドレス " + address + " が含まれない(" + std::string(spf::outcome_name(verdict.outcome)) + ")。対処: " + term + " を加える。");
    }
    co_return;
  }
}

Task<void> check_dkim(io::Loop& loop, io::Resolver& resolver, Check& check) {
  if (check.question.selector.empty()) {
    check.add(PolicyRecord::Dkim, RecordState::NotChecked, "No DKIM selector is known: give it with --selector.", "DKIM セレクタが不明。--selector で指定する。");
    co_return;
  }
  const std::string name = check.question.selector + "._domainkey." + check.domain;
  auto asking = resolver.txt(name, loop.after(patience));
  const auto answer = co_await std::move(asking);
  const bool key = std::ranges::any_of(answer.records, [](const std::string& text) {
    const auto at = text.find("p=");
    return at != std::string::npos && at + 2 < text.size() && text[at + 2] != ';';
  });
  if (is_failure(answer.outcome)) check.add(PolicyRecord::Dkim, RecordState::Unknown, "DNS gave no usable answer for " + name + ".", name + " の DNS 応答がない。");
  else if (key) check.add(PolicyRecord::Dkim, RecordState::Good, "The DKIM key " + name + " is published.", "DKIM の鍵 " + name + " は公開されている。");
  else if (answer.records.empty()) check.add(PolicyRecord::Dkim, RecordState::Missing, "The DKIM key " + name + " is not published.", "DKIM の鍵 " + name + " が公開されていない。");
  else check.add(PolicyRecord::Dkim, RecordState::Wrong, "The record " + name + " holds no DKIM key, or a revoked one.", name + " に有効な DKIM の鍵がない(取り消し済みなど)。");
}

// The domain's own record, or that of a domain above it (RFC 7489 §6.6.3, by a walk up the tree).
Task<void> check_dmarc(io::Loop& loop, io::Resolver& resolver, Check& check) {
  std::string domain = check.domain;
  for (int level = 0; level < 8 && domain.find('.') != std::string::npos; ++level) {
    auto asking = resolver.txt("_dmarc." + domain, loop.after(patience));
    const auto answer = co_await std::move(asking);
    if (is_failure(answer.outcome)) {
      check.add(PolicyRecord::Dmarc, RecordState::Unknown, "DNS gave no usable answer for _dmarc." + domain + ".", "_dmarc." + domain + " の DNS 応答がない。");
      co_return;
    }
    if (std::ranges::any_of(answer.records, [](const std::string& text) { return starts_with_ignoring_case(text, "v=DMARC1"); })) {
      check.add(PolicyRecord::Dmarc, RecordState::Good, "DMARC is published at _dmarc." + domain + ".", "_dmarc." + domain + " に DMARC がある。");
      co_return;
    }
    domain.erase(0, domain.find('.') + 1);
  }
  check.add(PolicyRecord::Dmarc, RecordState::Missing, "The domain " + check.domain + " has no DMARC record. Remedy: publish the TXT record _dmarc." + check.domain + " \"v=DMARC1; p=none\".",
            "ドメイン " + check.domain + " に DMARC レコードがない。対処: TXT レコード _dmarc." + check.domain + " \"v=DMARC1; p=none\" を公開する。");
}

struct Addresses {
  std::vector<io::IpAddress> all;
  bool failed = false;
};
Task<Addresses> addresses_of(io::Loop& loop, io::Resolver& resolver, std::string name) {
  Addresses out;
  auto four = resolver.a(name, loop.after(patience));
  const auto v4 = co_await std::move(four);
  auto six = resolver.aaaa(name, loop.after(patience));
  const auto v6 = co_await std::move(six);
  for (const auto* answer : {&v4, &v6}) {
    out.all.insert(out.all.end(), answer->records.begin(), answer->records.end());
    out.failed = out.failed || is_failure(answer->outcome);
  }
  co_return out;
}

Task<void> check_ptr(io::Loop& loop, io::Resolver& resolver, Check& check) {
  const std::string address = check.question.address.to_string();
  auto asking = resolver.ptr(check.question.address, loop.after(patience));
  const auto answer = co_await std::move(asking);
  if (is_failure(answer.outcome)) {
    check.add(PolicyRecord::Ptr, RecordState::Unknown, "DNS gave no usable answer for the PTR record of " + address + ".", address + " の PTR レコードの DNS 応答がない。");
    co_return;
  }
  if (answer.records.empty()) {
    check.add(PolicyRecord::Ptr, RecordState::Missing, "Our address " + address + " has no PTR record. Remedy: ask your provider to set it to " + check.question.hostname + ".",
              "自サーバのアドレス " + address + " に PTR レコード(逆引き)がない。対処: 回線事業者に " + check.question.hostname + " の設定を依頼する。");
    co_return;
  }
  for (std::size_t n = 0; n < std::min<std::size_t>(answer.records.size(), 10); ++n) {
    auto looking = addresses_of(loop, resolver, answer.records[n]);
    const auto forward = co_await std::move(looking);
    if (std::ranges::find(forward.all, check.question.address) == forward.all.end()) continue;
    check.add(PolicyRecord::Ptr, RecordState::Good, address + " is " + answer.records[n] + ", which leads back to it.", address + " の逆引きは " + answer.records[n] + " で、正引きと一致する。");
    co_return;
  }
  check.add(PolicyRecord::Ptr, RecordState::Wrong, "The PTR record of " + address + " names " + answer.records.front() + ", which does not lead back to it.",
            address + " の逆引き " + answer.records.front() + " が正引きと一致しない。");
}

Task<void> check_helo(io::Loop& loop, io::Resolver& resolver, Check& check) {
  const std::string& name = check.question.hostname;
  auto looking = addresses_of(loop, resolver, name);
  const auto forward = co_await std::move(looking);
  if (std::ranges::find(forward.all, check.question.address) != forward.all.end())
    check.add(PolicyRecord::Helo, RecordState::Good, "We greet as " + name + ", which is our address.", "HELO 名 " + name + " は自サーバのアドレスを指す。");
  else if (!forward.all.empty())
    check.add(PolicyRecord::Helo, RecordState::Wrong, "We greet as " + name + ", which is " + forward.all.front().to_string() + " and not our address " + check.question.address.to_string() + ".",
              "HELO 名 " + name + " は " + forward.all.front().to_string() + " を指し、自サーバのアドレス " + check.question.address.to_string() + " ではない。");
  else if (forward.failed)
    check.add(PolicyRecord::Helo, RecordState::Unknown, "DNS gave no usable answer for " + name + ".", name + " の DNS 応答がない。");
  else
    check.add(PolicyRecord::Helo, RecordState::Missing, "We greet as " + name + ", which DNS does not know. Remedy: publish its address, or set [node] hostname.",
              "HELO 名 " + name + " が DNS にない。対処: アドレスを公開するか、[node] hostname を直す。");
}

Task<void> check_all(io::Loop& loop, io::Resolver& resolver, Check& check) {
  using Step = Task<void> (*)(io::Loop&, io::Resolver&, Check&);
  for (const Step step : {check_spf, check_dkim, check_dmarc, check_ptr, check_helo}) {
    auto checking = step(loop, resolver, check);
    co_await std::move(checking);
  }
}

}  // namespace

std::vector<PolicyFinding> check_records(const settings::Settings& settings, const PolicyQuestion& question) {
  Check check{question, question.domain.empty() ? question.hostname : question.domain, {}};
  const auto trouble = with_resolver(settings, {question.address.reverse_name() + "."},
                                     [&check](io::Loop& loop, io::Resolver& resolver) { return check_all(loop, resolver, check); });
  if (!trouble.empty()) check.add(PolicyRecord::Spf, RecordState::Unknown, trouble, trouble);
  return std::move(check.found);
}

bool is_public(const io::IpAddress& address) {
  // RFC 6890: this host, private use, shared, loopback, link-local; unique local, site-local.
  static const auto inner = [] {
    std::vector<io::IpNetwork> networks;
    for (const auto* text : {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "::/127", "fc00::/7", "fe80::/10", "fec0::/10"})
      networks.push_back(*io::IpNetwork::parse(text));
    return networks;
  }();
  return std::ranges::none_of(inner, [&](const auto& network) { return network.contains(address); });
}

std::string spf_term(const io::IpAddress& address) {
  if (!is_public(address)) return "mx";
  return (address.family() == io::IpFamily::V4 ? "ip4:" : "ip6:") + address.to_string();
}

std::optional<io::IpAddress> address_towards(const io::IpAddress& target) {
  // Connecting a datagram socket sends nothing: it only chooses the way.
  const io::SocketAddress to(target, 25);
  const bool four = target.family() == io::IpFamily::V4;
  const io::Descriptor socket(::socket(four ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage there{};
  socklen_t length = 0;
  if (four) {
    auto& address = reinterpret_cast<sockaddr_in&>(there);
    address.sin_family = AF_INET, address.sin_port = htons(25);
    std::memcpy(&address.sin_addr, target.octets().data(), 4);
    length = sizeof address;
  } else {
    auto& address = reinterpret_cast<sockaddr_in6&>(there);
    address.sin6_family = AF_INET6, address.sin6_port = htons(25);
    std::memcpy(&address.sin6_addr, target.octets().data(), 16);
    length = sizeof address;
  }
  if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&there), length) != 0) return std::nullopt;
  sockaddr_storage ours{};
  length = sizeof ours;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&ours), &length) != 0) return std::nullopt;
  if (four) return io::IpAddress::from_octets({reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in&>(ours).sin_addr), 4});
  return io::IpAddress::from_octets({reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in6&>(ours).sin6_addr), 16});
}

}  // namespace hikyaku::cli
