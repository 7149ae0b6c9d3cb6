#include "protocol/spf/evaluation.h"

#include <algorithm>

#include "base/cursor.h"
#include "protocol/dns/host_name.h"
#include "protocol/dns/ip_text.h"
#include "protocol/spf/macro.h"
#include "protocol/spf/record.h"

namespace hikyaku::spf {
namespace {

constexpr int most_terms = 10, most_voids = 2;
constexpr std::size_t most_hosts = 10;

struct Ip {
  bool six = false;
  std::array<std::uint8_t, 16> octets{};  // the first four of IPv4
  friend bool operator==(const Ip&, const Ip&) = default;
};

// An IPv4 address mapped into IPv6 is one of IPv4 (§5).
std::optional<Ip> parse_ip(std::string_view text) {
  Ip ip;
  if (const auto four = dns::parse_ipv4(text)) {
    std::ranges::copy(*four, ip.octets.begin());
    return ip;
  }
  const auto six = dns::parse_ipv6(text);
  if (!six) return std::nullopt;
  const auto& o = *six;
  const bool mapped = std::all_of(o.begin(), o.begin() + 10, [](auto c) { return c == 0; }) && o[10] == 0xff && o[11] == 0xff;
  if (mapped) std::copy(o.begin() + 12, o.end(), ip.octets.begin());
  else ip.six = true, ip.octets = o;
  return ip;
}

bool within(const Ip& ip, const std::array<std::uint8_t, 16>& network, unsigned prefix) {
  for (unsigned bit = 0; bit < prefix; bit += 8) {
    const unsigned left = std::min(8U, prefix - bit);
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - left));
    if ((ip.octets[bit / 8] & mask) != (network[bit / 8] & mask)) return false;
  }
  return true;
}

// "1.2.3.4", or the nibbles of IPv6 with dots between: what %{i} means (§7.3).
std::string dotted(const Ip& ip) {
  std::string out;
  for (std::size_t n = 0; n < (ip.six ? 16U : 4U); ++n) {
    if (!ip.six) {
      out += (n > 0 ? "." : "") + std::to_string(ip.octets[n]);
      continue;
    }
    constexpr std::string_view hex = "0123456789ABCDEF";
    if (n > 0) out += '.';
    out += hex[ip.octets[n] >> 4], out += '.', out += hex[ip.octets[n] & 15];
  }
  return out;
}

// §4.3: a domain that has no SPF record because it is none.
bool can_be_domain(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > dns::most_name_octets || name.find('.') == std::string_view::npos || name.front() == '[') return false;
  for (std::size_t at = 0; at <= name.size();) {
    const auto dot = std::min(name.find('.', at), name.size());
    if (dot == at || dot - at > dns::most_label_octets) return false;
    at = dot + 1;
  }
  return true;
}

Outcome outcome_of(Qualifier qualifier) {
  switch (qualifier) {
    case Qualifier::Pass: return Outcome::Pass;
    case Qualifier::Fail: return Outcome::Fail;
    case Qualifier::SoftFail: return Outcome::SoftFail;
    case Qualifier::Neutral: return Outcome::Neutral;
  }
  return Outcome::Neutral;
}

// One pass over the answers known so far. It stops at the first question that has none.
class Pass {
 public:
  Pass(const Client& client, const std::map<Question, Answer>& known) : client_(client), known_(known) {
    const auto at = client.mail_from.rfind('@');
    local_ = at == std::string::npos ? "" : client.mail_from.substr(0, at);
    domain_ = client.mail_from.empty() ? client.helo : client.mail_from.substr(at == std::string::npos ? 0 : at + 1);
    if (local_.empty()) local_ = "postmaster";
  }

  std::variant<Question, Verdict> run() {
    const auto ip = parse_ip(client_.address);
    if (!ip) return Verdict{Outcome::PermError, "", "", "the client's address is none"};
    ip_ = *ip;
    auto outcome = check_host(domain_, Level::Top);
    if (!question_ && outcome == Outcome::Fail && !explanation_spec_.empty()) explain();
    if (question_) return *question_;
    return Verdict{outcome, outcome == Outcome::TempError || outcome == Outcome::PermError ? "" : matched_, explanation_, problem_};
  }

 private:
  enum class Level : std::uint8_t { Top, Included };
  enum class Match : std::uint8_t { Yes, No, Stop };  // Stop: a question is open, or outcome_ is an error

  // Null: the question is open.
  const Answer* ask(RecordType type, const std::string& name) {
    const Question question{type, ascii_lower(name)};
    const auto found = known_.find(question);
    if (found != known_.end()) return &found->second;
    question_ = question;
    return nullptr;
  }
  Outcome error(Outcome outcome, std::string problem) {
    problem_ = std::move(problem);
    return error_ = outcome;
  }
  Match stop(Outcome outcome, std::string problem) { return (void)error(outcome, std::move(problem)), Match::Stop; }

  // §4.6.4
  bool may_ask(Match& result) {
    if (++terms_ <= most_terms) return true;
    result = stop(Outcome::PermError, "more than 10 terms ask DNS");
    return false;
  }
  bool was_void(const Answer& answer, Match& result) {
    if (answer.kind != Answer::Kind::Nothing || ++voids_ <= most_voids) return false;
    result = stop(Outcome::PermError, "more than 2 terms name what DNS does not have");
    return true;
  }

  Outcome check_host(const std::string& domain, Level level) {
    if (!can_be_domain(domain)) return Outcome::None;
    const auto* answer = ask(RecordType::Txt, fitting_name(domain));
    if (answer == nullptr) return Outcome::None;
    if (answer->kind == Answer::Kind::Failure) return error(Outcome::TempError, "DNS gave no usable answer for " + domain);
    const std::string* text = nullptr;
    for (const auto& one : answer->records) {
      if (!is_spf_record(one)) continue;
      if (text != nullptr) return error(Outcome::PermError, domain + " has more than one SPF record");
      text = &one;
    }
    if (text == nullptr) return Outcome::None;
    std::string why;
    const auto record = parse_record(*text, why);
    if (!record) return error(Outcome::PermError, "the SPF record of " + domain + " is wrong: " + why);
    return evaluate(*record, domain, level);
  }

  Outcome evaluate(const Record& record, const std::string& domain, Level level) {
    bool has_all = false;
    for (const auto& directive : record.directives) {
      has_all = has_all || directive.mechanism == Mechanism::All;
      const auto match = matches(directive, domain);
      if (match == Match::Stop) return error_;
      if (match == Match::No) continue;
      if (level == Level::Top) {
        matched_ = directive.text;
        if (record.explanation) explanation_spec_ = *record.explanation, explanation_domain_ = domain;
      }
      return outcome_of(directive.qualifier);
    }
    if (!record.redirect || has_all) return Outcome::Neutral;
    Match over = Match::No;
    if (!may_ask(over)) return error_;
    const auto target = expanded(*record.redirect, domain);
    if (!target) return error_;
    const auto outcome = check_host(*target, level);
    if (question_ || outcome != Outcome::None) return outcome;
    return error(Outcome::PermError, "redirect leads to " + *target + ", which has no SPF record");
  }

  Match matches(const Directive& directive, const std::string& domain) {
    switch (directive.mechanism) {
      case Mechanism::All: return Match::Yes;
      case Mechanism::Ip4: return !ip_.six && within(ip_, directive.network, directive.prefix4) ? Match::Yes : Match::No;
      case Mechanism::Ip6: return ip_.six && within(ip_, directive.network, directive.prefix6) ? Match::Yes : Match::No;
      default: break;
    }
    Match over = Match::No;
    if (!may_ask(over)) return over;
    std::string target = domain;
    if (!directive.domain_spec.empty()) {
      const auto name = expanded(directive.domain_spec, domain);
      if (!name) return Match::Stop;
      target = *name;
    }
    switch (directive.mechanism) {
      case Mechanism::Include: return include(target);
      case Mechanism::A: return host_matches(target, directive);
      case Mechanism::Mx: return mx_matches(target, directive);
      case Mechanism::Ptr: return ptr_matches(target);
      default: return exists(target);
    }
  }

  // §5.2
  Match include(const std::string& target) {
    const auto outcome = check_host(target, Level::Included);
    if (question_) return Match::Stop;
    switch (outcome) {
      case Outcome::Pass: return Match::Yes;
      case Outcome::Fail:
      case Outcome::SoftFail:
      case Outcome::Neutral: return Match::No;
      case Outcome::None: return stop(Outcome::PermError, "include names " + target + ", which has no SPF record");
      case Outcome::TempError:
      case Outcome::PermError: return Match::Stop;
    }
    return Match::Stop;
  }

  [[nodiscard]] RecordType address_type() const { return ip_.six ? RecordType::Aaaa : RecordType::A; }
  [[nodiscard]] bool covers(const Answer& answer, const Directive& directive) const {
    return std::ranges::any_of(answer.records, [&](const auto& text) {
      const auto found = parse_ip(text);
      return found && found->six == ip_.six && within(ip_, found->octets, ip_.six ? directive.prefix6 : directive.prefix4);
    });
  }
  // §5.3
  Match host_matches(const std::string& name, const Directive& directive) {
    if (!can_be_domain(name)) return Match::No;
    const auto* answer = ask(address_type(), name);
    if (answer == nullptr) return Match::Stop;
    if (answer->kind == Answer::Kind::Failure) return stop(Outcome::TempError, "DNS gave no usable answer for " + name);
    Match over = Match::No;
    if (was_void(*answer, over)) return over;
    return covers(*answer, directive) ? Match::Yes : Match::No;
  }
  // §5.4
  Match mx_matches(const std::string& name, const Directive& directive) {
    if (!can_be_domain(name)) return Match::No;
    const auto* answer = ask(RecordType::Mx, name);
    if (answer == nullptr) return Match::Stop;
    if (answer->kind == Answer::Kind::Failure) return stop(Outcome::TempError, "DNS gave no usable answer for " + name);
    Match over = Match::No;
    if (was_void(*answer, over)) return over;
    if (answer->records.size() > most_hosts) return stop(Outcome::PermError, name + " has more than 10 MX hosts");
    for (const auto& host : answer->records) {
      const auto match = host_matches(host, directive);
      if (match != Match::No) return match;
    }
    return Match::No;
  }
  // §5.7
  Match exists(const std::string& name) {
    if (!can_be_domain(name)) return Match::No;
    const auto* answer = ask(RecordType::A, name);
    if (answer == nullptr) return Match::Stop;
    if (answer->kind == Answer::Kind::Failure) return stop(Outcome::TempError, "DNS gave no usable answer for " + name);
    Match over = Match::No;
    if (was_void(*answer, over)) return over;
    return answer->kind == Answer::Kind::Records && !answer->records.empty() ? Match::Yes : Match::No;
  }

  // The names of the client's address that lead back to it, `wanted` or below it (§5.5). Nothing: a question is open.
  std::optional<std::vector<std::string>> validated_names() {
    const auto reverse = dns::reverse_name(ip_.six ? client_.address : dotted(ip_));
    const auto* answer = reverse ? ask(RecordType::Ptr, *reverse) : nullptr;
    if (answer == nullptr) return std::nullopt;
    std::vector<std::string> names;
    for (std::size_t n = 0; n < std::min(answer->records.size(), most_hosts); ++n) {
      const auto* addresses = ask(address_type(), answer->records[n]);
      if (addresses == nullptr) return std::nullopt;
      const bool leads_back = std::ranges::any_of(addresses->records, [&](const auto& text) { return parse_ip(text) == ip_; });
      if (leads_back) names.push_back(ascii_lower(answer->records[n]));
    }
    return names;
  }
  Match ptr_matches(const std::string& target) {
    const auto names = validated_names();
    if (!names) return Match::Stop;
    const auto wanted = fitting_name(ascii_lower(target));
    return std::ranges::any_of(*names, [&](const auto& name) { return dns::is_within(fitting_name(name), wanted); }) ? Match::Yes : Match::No;
  }

  // ---- macros (§7.2)
  std::optional<std::string> value_of(char letter, const std::string& domain) {
    switch (letter) {
      case 's': return local_ + "@" + domain_;
      case 'l': return local_;
      case 'o': return domain_;
      case 'd': return domain;
      case 'i': return dotted(ip_);
      case 'h': return client_.helo;
      case 'v': return std::string(ip_.six ? "ip6" : "in-addr");
      case 'c': return ip_.six ? ascii_lower(client_.address) : dotted(ip_);
      case 'r': return client_.receiver.empty() ? std::string("unknown") : client_.receiver;
      case 't': return std::to_string(client_.unix_time);
      default: return validated_name(domain);
    }
  }
  // %{p}: the domain itself, one below it, or any
  std::optional<std::string> validated_name(const std::string& domain) {
    const auto names = validated_names();
    if (!names) return std::nullopt;
    if (names->empty()) return "unknown";
    const auto wanted = ascii_lower(domain);
    for (const auto& name : *names)
      if (name == wanted) return name;
    for (const auto& name : *names)
      if (dns::is_within(name, wanted)) return name;
    return names->front();
  }
  std::optional<std::string> expanded(const std::string& spec, const std::string& domain) {
    auto name = expand(spec, [&](char letter) { return value_of(letter, domain); });
    if (!name) return std::nullopt;
    return fitting_name(*std::move(name));
  }

  // §6.2: whatever is wrong with it, there is no explanation then.
  void explain() {
    const auto error_before = error_;
    const auto name = expanded(explanation_spec_, explanation_domain_);
    if (!name || !can_be_domain(*name)) return;
    const auto* answer = ask(RecordType::Txt, *name);
    error_ = error_before;
    if (answer == nullptr || answer->records.size() != 1) return;
    const auto& text = answer->records.front();
    if (!is_macro_string(text, MacroUse::Explanation)) return;
    if (auto words = expand(text, [&](char letter) { return value_of(letter, explanation_domain_); })) explanation_ = *std::move(words);
  }

  const Client& client_;
  const std::map<Question, Answer>& known_;
  Ip ip_;
  std::string local_, domain_;
  std::optional<Question> question_;
  Outcome error_ = Outcome::None;
  int terms_ = 0, voids_ = 0;
  std::string matched_, problem_, explanation_, explanation_spec_, explanation_domain_;
};

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  constexpr std::array<std::string_view, 7> names{"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"};
  return names[static_cast<std::size_t>(outcome)];
}

Evaluation::Evaluation(Client client) : client_(std::move(client)) {}

std::variant<Question, Verdict> Evaluation::next() { return Pass(client_, known_).run(); }

}  // namespace hikyaku::spf
