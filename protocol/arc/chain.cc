#include "protocol/arc/chain.h"

#include <algorithm>

#include "base/check.h"
#include "protocol/dns/host_name.h"

namespace hikyaku::arc {
namespace {

// 1*2DIGIT, 1 to 50; 0 for anything else
unsigned instance_of(std::string_view text) {
  const auto number = text.size() <= 2 ? dkim::whole_number(text) : std::nullopt;
  return number && *number <= most_instances ? static_cast<unsigned>(*number) : 0;
}

unsigned tagged_instance(std::string_view value) {
  const auto list = dkim::TagList::parse(value);
  const auto* tag = list ? list->find("i") : nullptr;
  return tag == nullptr ? 0 : instance_of(tag->value);
}

void append_relaxed(const mime::HeaderField* field, std::string& out) { dkim::append_canonical_field(dkim::Form::Relaxed, field->whole, out); }

}  // namespace

std::string_view status_name(Status status) {
  constexpr std::array<std::string_view, 3> names{"none", "pass", "fail"};
  return names[static_cast<std::size_t>(status)];
}

Result<Seal, std::string> parse_seal(std::string_view value) {
  const auto list = dkim::TagList::parse(value);
  if (!list) return failure(std::string("ARC-Seal has a syntax error"));
  if (list->find("h") != nullptr || list->find("bh") != nullptr) return failure(std::string("ARC-Seal has h= or bh="));  // §4.1.3
  Seal seal;
  const auto* instance = list->find("i");
  seal.instance = instance == nullptr ? 0 : instance_of(instance->value);
  if (seal.instance == 0) return failure(std::string("ARC-Seal has no instance"));
  const auto* status = list->find("cv");
  if (status == nullptr) return failure(std::string("ARC-Seal has no cv="));
  const auto known = {Status::None, Status::Pass, Status::Fail};
  const auto* const said = std::ranges::find(known, status->value, status_name);
  if (said == known.end()) return failure(std::string("ARC-Seal has a wrong cv="));
  seal.status = *said;
  TRY(algorithm, dkim::read_algorithm(*list));
  seal.algorithm = algorithm;
  TRY(domain, dkim::read_name(*list, "d"));
  seal.domain = std::move(domain);
  TRY(selector, dkim::read_name(*list, "s"));
  seal.selector = std::move(selector);
  const auto* signature = list->find("b");
  auto octets = signature == nullptr ? std::nullopt : dkim::decode_folded_base64(signature->value);
  if (!octets || octets->empty()) return failure(std::string("ARC-Seal has no signature"));
  seal.octets = *std::move(octets);
  if (const auto* time = list->find("t"); time != nullptr && !dkim::whole_number(time->value)) return failure(std::string("ARC-Seal has a wrong t="));
  return seal;
}

// arc-info = instance [CFWS] ";" authres-payload
unsigned parse_results_instance(std::string_view value, std::string_view& rest) {
  const auto end = value.find(';');
  if (end == std::string_view::npos) return 0;
  const auto equals = value.substr(0, end).find('=');
  if (equals == std::string_view::npos || dkim::trimmed(value.substr(0, equals)) != "i") return 0;
  rest = dkim::trimmed(value.substr(end + 1));
  return rest.empty() ? 0 : instance_of(dkim::trimmed(value.substr(equals + 1, end - equals - 1)));
}

Verification::Verification(const dkim::Message& message, OldestPass oldest_pass, dkim::ReadKeys* keys) : message_(message), keys_(keys), oldest_pass_(oldest_pass) {
  check(message.header_ended(), "a chain is judged when the header is there");
  gather();
  if (!sets_.empty()) read_seals();
}

// §5.2 steps 1 to 3: which fields there are, each instance once in each kind, from 1 without a gap.
void Verification::gather() {
  const auto& fields = message_.fields();
  struct Kind {
    std::string_view name;
    const mime::HeaderField* Set::*place;
  };
  const auto tell = [&](const char* problem) { if (problem_.empty()) problem_ = problem; };
  std::size_t most = 0;
  for (const auto& [name, place] : {Kind{"arc-authentication-results", &Set::results}, Kind{"arc-message-signature", &Set::message_signature}, Kind{"arc-seal", &Set::seal}}) {
    if (fields.count(name) > most_instances) problem_ = "more than 50 instances", highest_ = most_instances;
    for (const auto* field : fields.first(name, most_instances)) {
      std::string_view rest;
      const auto instance = place == &Set::results ? parse_results_instance(field->value, rest) : tagged_instance(field->value);
      most = std::max<std::size_t>(most, std::max(instance, 1U));
      highest_ = std::max(highest_, instance);
      sets_.resize(std::max(sets_.size(), most));
      if (instance == 0) tell("a field has no instance");
      else if (sets_[instance - 1].*place != nullptr) tell("an instance is there twice");
      else sets_[instance - 1].*place = field;
    }
  }
  const bool whole = std::ranges::all_of(sets_, [](const Set& set) { return set.results != nullptr && set.message_signature != nullptr && set.seal != nullptr; });
  if (!whole) tell("a set is not whole");
}

void Verification::read_seals() {
  // Read before anything else, since nobody adds to a chain that its newest seal calls failed.
  for (std::size_t place = sets_.size(); place-- > 0;) {
    if (sets_[place].seal == nullptr) continue;
    const auto seal = parse_seal(sets_[place].seal->value);
    ended_ = seal && seal->status == Status::Fail;
    break;
  }
  if (!problem_.empty()) return;
  for (std::size_t place = 0; place < sets_.size(); ++place) {
    auto seal = parse_seal(sets_[place].seal->value);
    if (!seal) {
      problem_ = seal.error();
      return;
    }
    if (seal->status != (place == 0 ? Status::None : Status::Pass)) {
      problem_ = "cv=" + std::string(status_name(seal->status)) + " in instance " + std::to_string(place + 1);
      return;
    }
    seals_.push_back(*std::move(seal));
  }
  auto newest = dkim::parse_signature(dkim::FieldKind::ArcMessage, sets_.back().message_signature->value);
  if (!newest) {
    problem_ = "ARC-Message-Signature: " + newest.error();
    return;
  }
  newest_ = *std::move(newest);
  ask(dkim::key_name(newest_.selector, newest_.domain));
  for (const auto& seal : seals_) ask(dkim::key_name(seal.selector, seal.domain));
  if (oldest_pass_ == OldestPass::Wanted) {
    for (std::size_t place = 0; place + 1 < sets_.size(); ++place) {
      auto read = dkim::parse_signature(dkim::FieldKind::ArcMessage, sets_[place].message_signature->value);
      older_.push_back(read ? std::optional(*std::move(read)) : std::nullopt);
      if (older_.back()) ask(dkim::key_name(older_.back()->selector, older_.back()->domain));
    }
  }
  if (!problem_.empty()) key_names_.clear();
}

void Verification::ask(std::string name) {
  if (name.size() > dns::most_name_octets) problem_ = "a key's name is too long";
  else if (std::ranges::find(key_names_, name) == key_names_.end()) key_names_.push_back(std::move(name));
}

Verdict Verification::failed(std::string reason) const { return {Status::Fail, std::move(reason), false, highest_, ended_, {}, {}}; }

// §5.2 step 4
dkim::Judgement Verification::judge_signature(const dkim::Signature& signature, const mime::HeaderField& field) const {
  const auto* body = message_.body_hash({signature.body_form, signature.body_octets});
  if (body == nullptr) return {dkim::Outcome::Fail, "too many different body hashes"};
  if (dkim::octets_of(body->digest) != signature.body_hash || signature.body_octets.value_or(0) > body->canonical_octets) return {dkim::Outcome::Fail, "body hash did not verify"};
  const auto found = answers_.find(dkim::key_name(signature.selector, signature.domain));
  check(found != answers_.end(), "each key that was asked for is answered");
  const auto digest = dkim::signed_digest(message_.fields(), signature, field);
  return dkim::judge_by_key(found->second, {signature.algorithm, signature.domain, {}, "email", digest, signature.octets}, keys_);
}

// §5.2 step 5
unsigned Verification::find_oldest_pass() const {
  for (std::size_t place = older_.size(); place-- > 0;)
    if (!older_[place] || judge_signature(*older_[place], *sets_[place].message_signature).outcome != dkim::Outcome::Pass) return static_cast<unsigned>(place) + 2;
  return 0;
}

dkim::Judgement Verification::judge_seal(std::size_t place, const dkim::Digest& digest) const {
  const auto& seal = seals_[place];
  const auto found = answers_.find(dkim::key_name(seal.selector, seal.domain));
  check(found != answers_.end(), "each key that was asked for is answered");
  return dkim::judge_by_key(found->second, {seal.algorithm, seal.domain, {}, "email", digest, seal.octets}, keys_);
}

Verdict Verification::verdict_as_told(Status told) const {
  if (sets_.empty()) return problem_.empty() ? Verdict{} : failed(problem_);
  if (!problem_.empty()) return failed(problem_);
  if (told != Status::Pass) return failed("it did not pass when it came");
  Verdict verdict;
  verdict.status = told, verdict.highest = highest_, verdict.ended = ended_;
  return verdict;
}

Verdict Verification::verdict() const {
  check(message_.ended(), "a chain is judged after the message's end");
  if (sets_.empty()) return problem_.empty() ? Verdict{} : failed(problem_);
  if (!problem_.empty()) return failed(problem_);
  const auto signature = judge_signature(newest_, *sets_.back().message_signature);
  if (signature.outcome != dkim::Outcome::Pass) {
    auto verdict = failed("ARC-Message-Signature " + std::to_string(sets_.size()) + ": " + signature.reason);
    verdict.temporary = signature.outcome == dkim::Outcome::TempError;
    return verdict;
  }
  Verdict verdict{Status::Pass, {}, false, highest_, false, {}, {}};
  // §5.1.1.1: a seal signs all sets up to its own, its own field without b= and without the line end. One pass over all.
  dkim::Sha256 before;
  for (std::size_t place = 0; place < sets_.size(); ++place) {
    std::string text, sealed;
    append_relaxed(sets_[place].results, text);
    append_relaxed(sets_[place].message_signature, text);
    dkim::append_canonical_field(dkim::Form::Relaxed, dkim::without_signature(sets_[place].seal->whole), sealed);
    sealed.resize(sealed.size() - 2);
    before.add(text);
    auto hash = before.fork();
    hash.add(sealed);
    const auto judgement = judge_seal(place, hash.finish());
    if (judgement.outcome != dkim::Outcome::Pass) {
      auto bad = failed("ARC-Seal " + std::to_string(place + 1) + ": " + judgement.reason);
      bad.temporary = judgement.outcome == dkim::Outcome::TempError;
      return bad;
    }
    text.clear();
    append_relaxed(sets_[place].seal, text);
    before.add(text);
    verdict.sealers.push_back(seals_[place].domain);
  }
  if (oldest_pass_ == OldestPass::Wanted) verdict.oldest_pass = find_oldest_pass();
  return verdict;
}

}  // namespace hikyaku::arc
