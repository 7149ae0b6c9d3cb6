// What a session has the rules judge: each recipient before the text, then the message. Only strangers are judged: on port 25, without a
// login, from no listed network.
#include "apps/receive/session.h"

#include <poll.h>

#include "base/checksum.h"
#include "base/cursor.h"
#include "services/policy/judge.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;
using policy::Finding;

// A session whose senders change for ever asks as little as one that begins anew.
constexpr std::size_t many_answers = policy::Answers::most_questions / 10;

}  // namespace

namespace {

std::string domain_of(std::string_view account) { return account.empty() ? std::string{} : ascii_lower(account.substr(account.rfind('@') + 1)); }

}  // namespace

bool Session::is_stranger() const {
  return port_ == Port::Smtp && account_ == AccountId{} && !may_relay_.value_or(false) && address_ && !exempt_;
}

policy::Attempt Session::attempt(const Address& recipient) const {
  return {.client = *address_,
          .helo = talk_.helo(),
          .our_name = policies_->hostname,
          .reverse_path = talk_.envelope().reverse_path,
          .sender_is = open_->sender_is,
          .recipient = recipient,
          .now = front_.reception.clock.wall()};
}

Task<void> Session::look_up_answers(Deadline deadline) {
  auto looking = front_.gate.look_up(front_.reception.policies()->settings, answers_, deadline);
  const auto trouble = co_await std::move(looking);
  if (trouble.empty()) co_return;
  auto said = fields();
  said.reason = trouble;
  front_.reception.service.log().write(events::peer_trouble, said);
}

// Whether the sender is ours; told by who knows all domains.
Task<bool> Session::learn_sender() {
  open_->sender_is = policy::SenderIs::Foreign;
  if (answers_.known().size() >= many_answers) answers_ = {}, recorded_.reset();
  const auto& sender = talk_.envelope().reverse_path;
  if (sender.is_null() || policies_->policy.rules.mode(policy::RuleId::LocalSender) == policy::Mode::Off) co_return true;
  auto asking = front_.auth.resolve_recipient(sender.address, {}, {}, client_);
  const auto answer = co_await std::move(asking);
  const auto* found = std::get_if<directory::RecipientAnswer>(&answer);
  if (found == nullptr) co_return false;
  open_->sender_is = policy::whose(found->kind);
  co_return true;
}

Task<Session::Judged> Session::judge(Address recipient) {
  // Whether its network is listed is not known while `auth` is away: then nobody is a stranger yet.
  if (port_ == Port::Smtp && account_ == AccountId{} && !may_relay_) {
    auto asking = learn_rights();
    co_await std::move(asking);
    if (!may_relay_) co_return Judged{cannot_ask};
  }
  if (!is_stranger()) co_return Judged{};
  answers_.forget_failures();
  auto learning = learn_sender();
  const bool known = co_await std::move(learning);
  if (!known) co_return Judged{cannot_ask};
  auto rules = policies_->policy.rules;
  std::string scope;
  front_.reception.list_health.leave_sound(rules.dnsbl);
  front_.reception.list_health.leave_sound(rules.dnswl);
  const bool by_content = rules.mode(policy::RuleId::Content) == policy::Mode::Enforce;
  if (by_content || rules.mode(policy::RuleId::Access) != policy::Mode::Off) {
    auto asking = front_.reception.access.current({front_.loop, front_.reception.workers, front_.auth});
    const auto rows = co_await std::move(asking);
    if (!rows) co_return Judged{cannot_ask};
    rules.access = {rows, &rows->access};
    if (by_content) scope = rows->content.rows_of(recipient, answers());
    open_->content_acts = by_content && rows->content.acts(answers());
  }
  const auto tried = attempt(recipient);
  auto& memory = front_.reception.greylist;
  const policy::GreylistLook look = [&memory](const policy::GreylistKey& key, WallTime now) { return memory.look(key, now); };
  const auto deadline = front_.loop.after(policies_->policy.patience);
  for (;;) {
    auto judgement = policy::judge(tried, rules, look, answers_);
    if (judgement.complete) {
      if (judgement.greylist) memory.tried(*judgement.greylist, tried.now);
      auto waiting = wait_in_tarpit(judgement, recipient.text());
      const auto tarpit = co_await std::move(waiting);
      record(tried, judgement, tarpit);
      if (tarpit == InTarpit::Stayed) co_return Judged{{}, judgement.allows_everything, std::move(scope)};
      co_return Judged{conclude(judgement, recipient), judgement.allows_everything, std::move(scope)};
    }
    auto looking = look_up_answers(deadline);
    co_await std::move(looking);
  }
}

// A look at the line, each second: a client that hangs up gives its place to the next.
bool Session::client_is_gone() const {
  pollfd line{peer_.descriptor(), POLLRDHUP, 0};
  return ::poll(&line, 1, 0) != 0 && (line.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

Task<Session::InTarpit> Session::wait_in_tarpit(policy::Judgement& judgement, std::string recipient) {
  if (judgement.tarpit == std::chrono::seconds{} || !judgement.greylist || !judgement.decided_by) co_return InTarpit::Left;
  const auto place = OpenPlace::enter(front_.reception.tarpitted, static_cast<std::uint64_t>(policies_->settings->policy.tarpit_sessions()));
  if (!place) co_return InTarpit::Left;
  auto& finding = judgement.findings[*judgement.decided_by];
  Finding waits = finding;
  waits.reply = {};
  waits.evidence += "; waits " + std::to_string(judgement.tarpit.count()) + " s for the reply";
  log_finding(waits, recipient);
  const auto began = front_.loop.now();
  const auto end = front_.loop.after(judgement.tarpit);
  while (front_.loop.now() < end && !front_.draining && !client_is_gone()) {
    const auto outcome = co_await front_.loop.sleep_until(std::min<Deadline>(end, front_.loop.after(1s)));
    if (outcome == io::Wake::Cancelled) break;
  }
  const bool stayed = front_.loop.now() >= end && !client_is_gone();
  finding.evidence += (stayed ? "; stayed for " : "; left the tarpit after ") + std::to_string(std::chrono::floor<std::chrono::seconds>(front_.loop.now() - began).count()) + " s";
  if (!stayed) co_return InTarpit::Left;
  finding.reply = {};
  for (const auto& one : judgement.findings) log_finding(one, recipient);
  front_.reception.greylist.stayed(*judgement.greylist, front_.reception.clock.wall());
  co_return InTarpit::Stayed;
}

// What `hikyaku policy replay` judges anew.
void Session::record(const policy::Attempt& tried, const policy::Judgement& judgement, InTarpit tarpit) {
  auto& sessions = front_.reception.sessions;
  if (!sessions.records()) return;
  policy::SessionRecord one;
  one.session = front_.reception.life + '.' + std::to_string(number_);
  one.attempt = tried;
  const bool decided = judgement.decided_by && tarpit == InTarpit::Left;
  if (decided) one.rule = policy::entry_of(judgement.findings[*judgement.decided_by].rule).name;
  using Given = policy::SessionRecord::Verdict;
  if (decided) one.verdict = judgement.verdict == Finding::Verdict::Refuse ? Given::Refused : Given::Deferred;
  if (recorded_ == answers_.revision()) one.answers_are = policy::SessionRecord::AnswersAre::AsBefore;
  else one.answers = answers_.known();
  recorded_ = answers_.revision();
  sessions.add(one);
}

bool Session::must_come_apart(bool spared, std::string_view scope) const {
  if (none_taken() || !is_stranger()) return false;
  if (scope != open_->scope && !spared) return true;
  if (spared == open_->spared) return false;
  if (talk_.answers_each_recipient()) return open_->content_acts;
  const auto& policy = policies_->policy;
  const auto& rules = policy.rules;
  return open_->content_acts || rules.mode(policy::RuleId::Dmarc) == policy::Mode::Enforce || (policies_->rspamd && rules.mode(policy::RuleId::Rspamd) == policy::Mode::Enforce) ||
         (!policies_->milters.empty() && rules.mode(policy::RuleId::Milter) == policy::Mode::Enforce) ||
         (policy.checks_uris && !policy.tags_uris && rules.mode(policy::RuleId::UriList) == policy::Mode::Enforce);
}

// Counts this recipient; the reply when it is one too many.
smtp::Verdict Session::over_rate(const Address& recipient) {
  const auto& policy = policies_->policy;
  const auto mode = policy.rules.mode(policy::RuleId::Rate);
  if (mode == policy::Mode::Off || policy.rates.empty() || (account_ == AccountId{} && may_relay_.value_or(false)) || exempt_) return std::nullopt;
  const auto& sender = talk_.envelope().reverse_path;
  const bool v6 = address_ && address_->family() == io::IpFamily::V6;
  const auto network = address_ ? policy::network_of(*address_) : std::string{};
  const auto over = front_.reception.rates.take({.account = talk_.account(), .client = v6 ? network : client_, .network = network, .sender_domain = sender.is_null() ? std::string{} : ascii_lower(sender.address.domain), .account_domain = domain_of(talk_.account())},
                                                front_.loop.now());
  if (!over) return std::nullopt;
  Finding finding{.verdict = Finding::Verdict::Defer, .rule = policy::RuleId::Rate, .mode = mode,
                  .reply = {450, {4, 7, 1}, "Too many recipients in a short time, try again in " + std::to_string(over->again_in.count()) + " seconds"},
                  .evidence = std::string(policy::rate_name(over->rate.of)) + " " + over->who + ": more than " + std::to_string(over->rate.count) + " in " + std::to_string(over->rate.period.count()) + " s"};
  if (policy.rules.name_rules) finding.reply.text += " [rate]";
  if (mode == policy::Mode::Shadow) {
    log_finding(finding, recipient.text());
    return std::nullopt;
  }
  open_->refused_by = {"rate", finding.evidence, {}};
  return finding.reply;
}

smtp::Verdict Session::conclude(const policy::Judgement& judgement, const Address& recipient) {
  for (std::size_t i = 0; i < judgement.findings.size(); ++i)
    if (judgement.decided_by != i) log_finding(judgement.findings[i], recipient.text());
  if (!judgement.decided_by) return std::nullopt;
  const auto& decisive = judgement.findings[*judgement.decided_by];
  const auto name = policy::client_name_known(*address_, answers_);
  open_->refused_by = {std::string(policy::entry_of(decisive.rule).name), decisive.evidence, name ? name->name : std::string{}};
  return decisive.reply;
}

void Session::log_finding(const Finding& finding, std::string_view recipient, const TraceId* message) {
  auto said = fields();
  if (message != nullptr) said.message = *message;
  const auto sender = talk_.envelope().reverse_path.text(), reply = finding.reply.code != 0 ? finding.reply.line() : std::string{};
  said.sender = sender;
  said.null_sender = sender.empty();
  said.recipient = recipient;
  said.helo = talk_.helo();
  said.reply = reply;
  said.rule = policy::entry_of(finding.rule).name;
  said.mode = policy::mode_name(finding.mode);
  said.reason = finding.evidence;
  front_.reception.service.log().write(events::rule_found, said);
}

// ---- the text --------------------------------------------------------------------------------------------------------

void Session::begin_checks() {
  if (port_ != Port::Lmtp) arrival_->forged.emplace(policies_->hostname);
  begin_fingerprint();
  if (none_taken()) return;
  if (policies_->policy.checks_uris && is_stranger()) arrival_->uris.emplace();
  if (!policies_->policy.checks_mail || !is_stranger()) return;
  const auto sample = static_cast<unsigned>(checksum(arrival_->id.text()) % 100);
  arrival_->checks = std::make_unique<policy::MailChecks>(attempt(talk_.envelope().recipients.front().address), sample, &front_.reception.keys);
}

void Session::take_text(std::string_view octets) {
  if (!arrival_->lines) return take_lines(octets);
  std::string lines;
  arrival_->lines->take(octets, lines);
  take_lines(lines);
}

void Session::take_lines(std::string_view octets) {
  if (arrival_->fingerprint) arrival_->fingerprint->feed(octets);
  if (arrival_->checks) arrival_->checks->feed(octets);
  if (arrival_->uris) arrival_->uris->feed(octets);
  arrival_->keep(arrival_->forged ? arrival_->forged->pass(octets) : octets);
}

// Signatures of many keys cost milliseconds: not on the loop.
Task<policy::MailFindings> Session::find_out(policy::MailChecks& checks) {
  checks.end();
  const auto deadline = front_.loop.after(policies_->policy.patience);
  for (;;) {
    std::optional<policy::MailFindings> found;
    if (checks.is_heavy()) {
      auto working = front_.reception.workers.run(front_.loop, [&checks, this] { return checks.results(answers_); });
      auto done = co_await std::move(working);
      found = done ? std::move(*done) : checks.results(answers_);  // all workers are busy
    } else {
      found = checks.results(answers_);
    }
    if (found) co_return *std::move(found);
    auto looking = look_up_answers(deadline);
    co_await std::move(looking);
  }
}

// SPF, DKIM, ARC, DMARC, and the field that says how they went.
Task<filters::Heard> Session::authenticate_text(Arrival& arrival, Envelope& envelope) {
  if (!arrival.checks) co_return Heard{};
  auto finding_out = find_out(*arrival.checks);
  const auto found = co_await std::move(finding_out);
  log_checked(arrival.id, found);
  auto refusal = refuse_by_dmarc(found);
  count_for_report(found, refusal ? policy::Refused::Yes : policy::Refused::No);
  Heard heard;
  if (refusal) heard = {refusal->is_permanent() ? Heard::Kind::Refuse : Heard::Kind::Defer, *std::move(refusal), {}, {}, true};
  if (heard.kind != Heard::Kind::Pass && !spares_some(envelope)) co_return heard;
  if (!policies_->settings->policy.authentication_results()) co_return heard;
  auto putting = put_first(arrival, authres::field_text({policies_->hostname, found.words}), 0);
  co_await std::move(putting);
  co_return heard;
}

void Session::log_checked(const TraceId& id, const policy::MailFindings& found) {
  auto said = fields();
  const auto summary = found.summary();
  said.message = id;
  said.text = summary;
  said.destination = found.author_domain;
  front_.reception.service.log().write(events::mail_checked, said);
}

void Session::count_for_report(const policy::MailFindings& found, policy::Refused refused) {
  if (!policies_->policy.reports_dmarc) return;
  const auto tried = attempt(talk_.envelope().recipients.front().address);
  if (const auto row = policy::dmarc_row(found, tried, refused)) front_.reception.dmarc_seen.add(row->policy, row->row, tried.now);
}

smtp::Verdict Session::refuse_by_dmarc(const policy::MailFindings& found) {
  const auto& rules = policies_->policy.rules;
  const auto mode = rules.mode(policy::RuleId::Dmarc);
  if (mode == policy::Mode::Off) return std::nullopt;
  auto finding = policy::find_dmarc(found);
  finding.mode = mode;
  if (finding.verdict == Finding::Verdict::Nothing) return std::nullopt;
  if (rules.name_rules) finding.reply.text += " [dmarc]";
  log_finding(finding, talk_.envelope().recipients.front().address.text());
  // Whoever else shares the transaction is spared as well (must_come_apart).
  if (mode != policy::Mode::Enforce || open_->spared) return std::nullopt;
  return finding.reply;
}

}  // namespace hikyaku::receive
