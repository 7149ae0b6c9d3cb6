#include "protocol/dmarc/evaluation.h"

#include <algorithm>
#include <array>

#include "protocol/dns/host_name.h"

namespace hikyaku::dmarc {
namespace {

constexpr std::size_t most_walked_labels = 7;  // above these a walk leaps (RFC 9989 §4.10)

std::string_view parent_of(std::string_view name) {
  const auto dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

// The next name of a walk; empty: it ends.
std::string_view step_up(std::string_view name) {
  name = parent_of(name);
  while (std::ranges::count(name, '.') >= static_cast<std::ptrdiff_t>(most_walked_labels)) name = parent_of(name);
  return name;
}

struct Found {
  std::string_view name;  // into the name the walk began with
  Record record;
};

// One evaluation over the answers that are there; it stops where one is missing.
class Pass {
 public:
  Pass(const Facts& facts, const Options& options, const std::map<Question, Answer>& known) : facts_(facts), options_(options), known_(known) {}

  std::variant<Question, Verdict> run() {
    evaluate();
    if (question_) return *question_;
    return verdict_;
  }

 private:
  const Answer* ask(QuestionKind kind, std::string name) {
    Question question{kind, std::move(name)};
    if (const auto found = known_.find(question); found != known_.end()) return &found->second;
    if (!question_) question_ = std::move(question);
    return nullptr;
  }

  // The record at a name: nothing, too, when there are several, or when the look-up failed, which is remembered.
  struct LookUp {
    enum class State : std::uint8_t { Found, Nothing, Several, Stop } state = State::Nothing;
    std::optional<Record> record;
  };
  LookUp look_up(std::string_view domain) {
    const auto* answer = ask(QuestionKind::Txt, "_dmarc." + std::string(domain));
    if (answer == nullptr) return {LookUp::State::Stop, {}};
    if (answer->kind == Answer::Kind::Failure) {
      failed_ = "the records of _dmarc." + std::string(domain) + " cannot be had now";
      return {LookUp::State::Stop, {}};
    }
    const std::string* only = nullptr;
    for (const auto& text : answer->records) {
      if (!is_dmarc_record(text)) continue;
      if (only != nullptr) return {LookUp::State::Several, {}};
      only = &text;
    }
    auto record = only == nullptr ? std::nullopt : parse_record(*only);
    return {record ? LookUp::State::Found : LookUp::State::Nothing, std::move(record)};
  }

  // RFC 9989 §4.10: from a domain up to the top, or to a record that says psd=. Nothing: an answer is missing.
  std::optional<std::vector<Found>> walk(std::string_view domain) {
    std::vector<Found> found;
    for (auto name = domain; !name.empty(); name = step_up(name)) {
      auto here = look_up(name);
      if (here.state == LookUp::State::Stop) return std::nullopt;
      if (!here.record) continue;
      found.push_back({name, *std::move(here.record)});
      if (found.back().record.public_suffix != PublicSuffixMark::Unknown) break;
    }
    return found;
  }

  // RFC 9989 §4.10.2
  static std::string_view organization_of(std::string_view domain, const std::vector<Found>& found) {
    if (found.empty()) return domain;
    const auto& top = found.back();
    if (top.record.public_suffix == PublicSuffixMark::Yes && top.name != domain) {
      auto below = domain;
      while (parent_of(below) != top.name) below = parent_of(below);
      return below;
    }
    return top.name;
  }

  std::optional<std::string> organization(std::string_view domain) {
    if (const auto* by_list = std::get_if<BySuffixList>(&options_.discovery)) return std::string(by_list->list->organizational_domain(domain).value_or(domain));
    const auto found = walk(domain);
    if (!found) return std::nullopt;
    return std::string(organization_of(domain, *found));
  }

  // Most mail is signed by the very domain in From: then nobody needs to know the organization, and one look-up is all. Not when
  // SPF passed for a name that might share it, since reports tell both.
  bool is_plain(const Record& record) const {
    const std::string_view author = facts_.author_domain;
    const auto& dkim = facts_.dkim;
    const auto here = [&](const DkimResult& one) { return one.outcome == dkim::Outcome::Pass && ascii_lower(one.domain) == author; };
    if (std::none_of(dkim.begin(), dkim.begin() + static_cast<std::ptrdiff_t>(std::min(dkim.size(), most_dkim_results)), here)) return false;
    const auto domain = ascii_lower(facts_.spf.domain);
    const auto top = [](std::string_view name) { return name.substr(name.rfind('.') + 1); };
    return facts_.spf.outcome != spf::Outcome::Pass || domain == author || record.spf == Alignment::Strict || top(domain) != top(author);
  }

  // RFC 9989 §4.10.1: the author's domain, its organization, the public suffix above it.
  bool discover_by_walk() {
    const std::string_view author = facts_.author_domain;
    const auto here = look_up(author);
    if (here.state == LookUp::State::Stop) return false;
    if (here.record && is_plain(*here.record)) {
      take_record(author, *here.record);
      return true;
    }
    auto found = walk(author);
    if (!found) return false;
    const auto organization = organization_of(author, *found);
    verdict_.organizational_domain = organization;
    const Found* chosen = nullptr;
    for (const auto& one : *found)
      if (one.name == author || one.name == organization || one.record.public_suffix == PublicSuffixMark::Yes) {
        chosen = &one;
        break;
      }
    if (chosen != nullptr) take_record(chosen->name, chosen->record);
    return true;
  }

  // RFC 7489 §6.6.3
  bool discover_by_list(const PublicSuffixList& list) {
    const std::string_view author = facts_.author_domain;
    const auto organization = list.organizational_domain(author).value_or(author);
    verdict_.organizational_domain = organization;
    for (const auto name : {author, organization}) {
      const auto here = look_up(name);
      if (here.state == LookUp::State::Stop) return false;
      if (here.state == LookUp::State::Several) {
        verdict_.problem = "_dmarc." + std::string(name) + " has several policies";
        return true;
      }
      if (here.record) {
        take_record(name, *here.record);
        return true;
      }
    }
    return true;
  }

  void take_record(std::string_view name, const Record& record) {
    verdict_.policy_domain = name;
    verdict_.record = record;
  }

  // False: an answer is missing.
  bool choose_policy() {
    const auto& record = *verdict_.record;
    auto place = verdict_.policy_domain == facts_.author_domain ? Place::Domain : Place::Subdomain;
    if (place == Place::Subdomain && record.missing_policy && *record.missing_policy != policy_for(record, Place::Subdomain)) {
      const auto* exists = ask(QuestionKind::Exists, facts_.author_domain);
      if (exists == nullptr) return false;
      if (exists->kind == Answer::Kind::Nothing) place = Place::MissingSubdomain;
    }
    verdict_.policy = policy_for(record, place);
    return true;
  }

  // Nothing: an answer is missing.
  std::optional<bool> aligned(std::string_view domain, Alignment alignment) {
    if (domain == facts_.author_domain) return true;
    // Whoever shares an organization stands at or below it: others need no walk.
    if (alignment == Alignment::Strict || verdict_.organizational_domain.empty() || !dns::is_within(domain, verdict_.organizational_domain)) return false;
    const auto its = organization(domain);
    if (!its) return std::nullopt;
    return *its == verdict_.organizational_domain;
  }

  // The error of a look-up for one proof does not take away another.
  void align() {
    if (facts_.spf.outcome == spf::Outcome::Pass) verdict_.spf_aligned = aligned(ascii_lower(facts_.spf.domain), verdict_.record->spf).value_or(false);
    for (std::size_t n = 0; n < std::min(facts_.dkim.size(), most_dkim_results) && !verdict_.dkim_aligned && !question_; ++n)
      if (facts_.dkim[n].outcome == dkim::Outcome::Pass) verdict_.dkim_aligned = aligned(ascii_lower(facts_.dkim[n].domain), verdict_.record->dkim).value_or(false);
  }

  void evaluate() {
    const auto* by_list = std::get_if<BySuffixList>(&options_.discovery);
    const bool discovered = by_list != nullptr ? discover_by_list(*by_list->list) : discover_by_walk();
    if (question_) return;
    if (!discovered) return end_temporarily();
    if (!verdict_.record) return;
    if (!choose_policy()) return;
    align();
    if (question_) return;
    if (verdict_.spf_aligned || verdict_.dkim_aligned) {
      verdict_.outcome = Outcome::Pass;
      return;
    }
    if (!failed_.empty()) return end_temporarily();
    // What SPF or DKIM could not tell now may yet pass (RFC 7489 §6.6.2, RFC 9989 §5.3.6).
    if (may_pass_later()) {
      failed_ = "SPF or DKIM has no result yet";
      return end_temporarily();
    }
    verdict_.outcome = Outcome::Fail;
    dispose();
  }

  bool may_pass_later() {
    const auto fits = [&](std::string_view domain) { return dns::is_within(ascii_lower(domain), verdict_.organizational_domain); };
    if (facts_.spf.outcome == spf::Outcome::TempError && fits(facts_.spf.domain)) return true;
    return std::ranges::any_of(facts_.dkim, [&](const DkimResult& one) { return one.outcome == dkim::Outcome::TempError && fits(one.domain); });
  }

  void end_temporarily() {
    verdict_.outcome = Outcome::TempError;
    verdict_.problem = failed_;
  }

  void dispose() {
    verdict_.disposition = verdict_.policy;
    if (verdict_.policy == Policy::None) return;
    if (verdict_.record->testing) verdict_.milder = Override::TestMode;
    else if (options_.sample >= verdict_.record->percent) verdict_.milder = Override::SampledOut;
    if (verdict_.milder != Override::None) verdict_.disposition = one_step_milder(verdict_.policy);
  }

  const Facts& facts_;
  const Options& options_;
  const std::map<Question, Answer>& known_;
  std::optional<Question> question_;
  std::string failed_;
  Verdict verdict_;
};

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  constexpr std::array<std::string_view, 5> names{"none", "pass", "fail", "temperror", "permerror"};
  return names[static_cast<std::size_t>(outcome)];
}

Evaluation::Evaluation(Facts facts, Options options) : facts_(std::move(facts)), options_(options) {}

std::variant<Question, Verdict> Evaluation::next() { return Pass(facts_, options_, known_).run(); }

}  // namespace hikyaku::dmarc
