#include "services/policy/mail_checks.h"

#include "protocol/dmarc/authentication_results.h"
#include "services/policy/sender_rules.h"

namespace hikyaku::policy {
namespace {

dkim::KeyAnswer key_answer(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::Records: return {dkim::KeyAnswer::Kind::Records, answer.records};
    case Answer::Kind::Nothing: return {dkim::KeyAnswer::Kind::Nothing, {}};
    case Answer::Kind::Failure: break;
  }
  return {dkim::KeyAnswer::Kind::Failure, {}};
}

// True: each name has its answer.
template <class Verification>
bool give_keys(Verification& verification, Answers& answers) {
  bool all = true;
  for (const auto& name : verification.key_names()) {
    const auto* answer = answers.ask(RecordType::Txt, name);
    if (answer == nullptr) all = false;
    else verification.answer(name, key_answer(*answer));
  }
  return all;
}

std::optional<dmarc::Answer> ask(const dmarc::Question& question, Answers& answers) {
  if (question.kind == dmarc::QuestionKind::Txt) {
    const auto* answer = answers.ask(RecordType::Txt, question.name);
    if (answer == nullptr) return std::nullopt;
    const auto key = key_answer(*answer);
    return dmarc::Answer{static_cast<dmarc::Answer::Kind>(key.kind), key.records};
  }
  dmarc::Answer found;
  bool waits = false;
  for (const auto type : {RecordType::A, RecordType::Aaaa, RecordType::Mx}) {
    const auto* answer = answers.ask(type, question.name);
    if (answer == nullptr) waits = true;
    else if (answer->kind == Answer::Kind::Records) return dmarc::Answer{dmarc::Answer::Kind::Records, {}};
    else if (answer->kind == Answer::Kind::Failure) found.kind = dmarc::Answer::Kind::Failure;
  }
  if (waits) return std::nullopt;
  return found;
}

dmarc::ReverseName proof_words(ClientName::Proof proof) {
  switch (proof) {
    case ClientName::Proof::Confirmed: return dmarc::ReverseName::Pass;
    case ClientName::Proof::NoName: return dmarc::ReverseName::PermError;
    case ClientName::Proof::Mismatch: return dmarc::ReverseName::Fail;
    case ClientName::Proof::Failure: break;
  }
  return dmarc::ReverseName::TempError;
}

void append(std::vector<authres::MethodResult>& to, std::vector<authres::MethodResult> more) {
  for (auto& one : more) to.push_back(std::move(one));
}

}  // namespace

std::string MailFindings::summary() const {
  std::string text;
  for (const auto& one : words) text += (text.empty() ? "" : " ") + one.method + "=" + one.result;
  return text;
}

void MailChecks::end() {
  message_.end();
  const auto now = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(attempt_.now.time_since_epoch()).count());
  dkim_.emplace(message_, dkim::VerifyOptions{.unix_time = now, .keys = keys_});
  arc_.emplace(message_, arc::OldestPass::NotLookedFor, keys_);
}

std::optional<MailFindings> MailChecks::results(Answers& answers) {
  auto client = client_name(attempt_.client, answers);
  auto spf = spf_verdict(attempt_, answers);
  const bool keys = give_keys(*dkim_, answers), seals = give_keys(*arc_, answers);
  if (!client || !spf || !keys || !seals) return std::nullopt;
  if (!proved_) proved_ = Proved{dkim_->results(), arc_->verdict()};
  return judge_author({.client = *std::move(client), .spf = *std::move(spf), .dkim = proved_->dkim, .arc = proved_->arc, .dmarc = dmarc::Verdict{}, .author_domain = {}, .words = {}}, answers);
}

// DMARC, and the words of all.
std::optional<MailFindings> MailChecks::judge_author(MailFindings found, Answers& answers) const {
  found.words.push_back(dmarc::iprev_result(proof_words(found.client.proof), attempt_.client.to_string()));
  found.words.push_back(dmarc::spf_result(found.spf, attempt_.reverse_path.text(), attempt_.helo));
  append(found.words, dmarc::dkim_results(found.dkim));
  found.words.push_back(dmarc::arc_result(found.arc));
  auto author = dmarc::author_domain(message_.fields());
  if (!author) {
    found.dmarc = author.error();
    found.words.push_back(dmarc::dmarc_result(author.error()));
    return found;
  }
  found.author_domain = *std::move(author);
  dmarc::Facts facts{.author_domain = found.author_domain, .spf = {spf_domain(attempt_), found.spf.outcome}, .dkim = {}};
  for (const auto& one : found.dkim) facts.dkim.push_back({one.domain, one.selector, one.outcome});
  dmarc::Evaluation evaluation(std::move(facts), {.discovery = dmarc::TreeWalk{}, .sample = sample_});
  for (;;) {
    auto step = evaluation.next();
    if (auto* verdict = std::get_if<dmarc::Verdict>(&step)) {
      found.words.push_back(dmarc::dmarc_result(*verdict, found.author_domain));
      found.dmarc = std::move(*verdict);
      return found;
    }
    const auto& question = std::get<dmarc::Question>(step);
    auto answer = ask(question, answers);
    if (!answer) return std::nullopt;
    evaluation.answer(question, *std::move(answer));
  }
}

std::optional<DmarcRow> dmarc_row(const MailFindings& found, const Attempt& attempt, Refused refused) {
  const auto* verdict = std::get_if<dmarc::Verdict>(&found.dmarc);
  if (verdict == nullptr || !verdict->record || verdict->record->aggregate_uris.empty()) return std::nullopt;
  if (verdict->outcome != dmarc::Outcome::Pass && verdict->outcome != dmarc::Outcome::Fail) return std::nullopt;
  dmarc::Facts facts{.author_domain = found.author_domain, .spf = {spf_domain(attempt), found.spf.outcome}, .dkim = {}};
  for (const auto& one : found.dkim) facts.dkim.push_back({one.domain, one.selector, one.outcome});
  const auto applied = refused == Refused::Yes ? dmarc::Policy::Reject : dmarc::Policy::None;
  const auto identity = attempt.reverse_path.is_null() ? dmarc::SpfIdentity::Helo : dmarc::SpfIdentity::MailFrom;
  DmarcRow made{dmarc::published_policy(*verdict, {}), dmarc::report_row(facts, *verdict, applied, identity, attempt.client.to_string())};
  if (applied != verdict->disposition) made.row.reasons.push_back({"local_policy", ""});
  return made;
}

Finding find_dmarc(const MailFindings& found) {
  Finding finding{.rule = RuleId::Dmarc};
  // Whose policy counts cannot be told (RFC 7489 §6.6.1).
  if (const auto* problem = std::get_if<dmarc::AuthorProblem>(&found.dmarc)) {
    finding.verdict = Finding::Verdict::Refuse;
    finding.evidence = std::string(dmarc::problem_text(*problem));
    finding.reply = {550, {5, 7, 1}, "The author of the message cannot be told from its From field: " + finding.evidence};
    return finding;
  }
  const auto* verdict = std::get_if<dmarc::Verdict>(&found.dmarc);
  if (verdict == nullptr || verdict->outcome != dmarc::Outcome::Fail || verdict->disposition != dmarc::Policy::Reject) return finding;
  finding.verdict = Finding::Verdict::Refuse;
  finding.reply = {550, {5, 7, 1}, "By the DMARC policy of " + found.author_domain + " mail in its name that proves nothing is refused"};
  finding.evidence = found.summary() + " (From: " + found.author_domain + ")";
  return finding;
}

}  // namespace hikyaku::policy
