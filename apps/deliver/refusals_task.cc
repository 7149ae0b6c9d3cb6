#include "apps/deliver/refusals_task.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>

#include "apps/service/data_folders.h"
#include "base/base64.h"
#include "base/cursor.h"
#include "base/local_zone.h"
#include "protocol/smtp/address.h"
#include "services/delivery/report/report_settings.h"
#include "services/policy/ledger_line.h"
#include "services/policy/policy_settings.h"
#include "services/refusals/digest_time.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::apps {
namespace {

namespace events = telemetry::events;
using refusals::Decision;
using refusals::DecisionReply;
using refusals::Language;

constexpr std::chrono::hours looks_back{120};        // as long as a sender may try
constexpr std::size_t octets_of_a_step = 2 << 20;    // of the log: some milliseconds of a worker
constexpr Duration between_steps = 20ms;
constexpr std::uint64_t most_file_octets = 64 << 20;
constexpr std::size_t most_notices_an_hour = 12;
constexpr std::chrono::hours between_mails_to_one{6};  // to one recipient; what comes meanwhile is in the next
constexpr std::size_t most_mails_to_recipients = 100;  // of one look; the others follow

std::string log_folder(const Service& service, std::string_view log) { return service.path(folder::receive_log) + "/" + std::string(log); }

// The services' user alone may read what is made here.
struct OnlyOurs {
  mode_t before = ::umask(0077);
  ~OnlyOurs() { ::umask(before); }
};

std::int64_t hour_of(WallTime when) { return std::chrono::floor<std::chrono::hours>(when).time_since_epoch().count(); }

// In the order of the report's languages: which of the two a person reads is not known from an address.
std::vector<Language> languages_for(const settings::Settings& settings, std::string_view domain) {
  switch (delivery::choose_languages(delivery::report_language(settings.delivery), domain)) {
    case delivery::ReportLanguages::Japanese: return {Language::Japanese};
    case delivery::ReportLanguages::English: return {Language::English};
    case delivery::ReportLanguages::JapaneseFirst: return {Language::Japanese, Language::English};
    case delivery::ReportLanguages::EnglishFirst: break;
  }
  return {Language::English, Language::Japanese};
}

bool recipients_are_told(const settings::Settings& settings) {
  const auto& wanted = settings.refusals.tell_recipients();
  if (wanted != "plain_s25r") return wanted == "always";
  const auto rules = policy::policy_settings(settings).rules;
  const bool greylists = rules.mode(policy::RuleId::Greylist) == policy::Mode::Enforce && rules.greylist != policy::GreylistScope::Nobody;
  return !greylists && (rules.mode(policy::RuleId::S25r) == policy::Mode::Enforce || rules.mode(policy::RuleId::ReverseName) == policy::Mode::Enforce);
}

}  // namespace

RefusalsTask::RefusalsTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, spool::Spool& spool, directory::Editor& editor)
    : service_(service), loop_(loop), workers_(workers), disk_(disk), spool_(spool), editor_(editor),
      refused_(disk, log_folder(service, "receivelog"), "receive", telemetry::day_text(clock_.wall() - looks_back)),
      accepted_(disk, log_folder(service, "inlog"), "receive", telemetry::day_text(clock_.wall() - looks_back)) {}

void RefusalsTask::open() {
  if (opened_) return;
  opened_ = true;
  const auto folder = service_.path(folder::refusals);
  if (auto text = io::read_file(disk_, folder + "/told", most_file_octets)) {
    told_ = refusals::Told::parse(*text);
    kept_ = *std::move(text);
  }
  if (told_.begun == WallTime{}) told_.begun = told_.last_digest = std::chrono::floor<std::chrono::seconds>(clock_.wall());
  const auto file = folder + "/link-key";
  if (const auto known = io::read_file(disk_, file, 1'000)) {
    const auto octets = base64_decode(std::string_view(*known).substr(0, known->find('\n')));
    if (octets && octets->size() == refusals::link_key_octets) key_ = *octets;
    else service_.log().write(events::storage_trouble, {.reason = file + " holds no key; remove it, and a new one is made. There are no links until then."});
    return;
  }
  std::string made(refusals::link_key_octets, '\0');
  if (::RAND_bytes(reinterpret_cast<unsigned char*>(made.data()), static_cast<int>(made.size())) != 1) return;
  const OnlyOurs only_ours;
  if (const auto written = io::replace_file(disk_, file, base64_encode(made) + "\n"); written) key_ = std::move(made);
  else service_.log().write(events::storage_trouble, {.text = "refusals", .reason = written.error().what});
}

void RefusalsTask::take(std::string_view line) {
  auto told = policy::parse_ledger_line(line);
  if (!told) return;
  if (auto* put_off = std::get_if<policy::PutOff>(&*told)) return ledger_.put_off(std::move(*put_off));
  if (const auto* taken = std::get_if<policy::TakenIn>(&*told)) return ledger_.accepted(taken->client, taken->sender, taken->recipient, taken->at);
  const auto& refused = std::get<policy::RefusedForGood>(*told);
  ++for_good_[hour_of(refused.at)].by_kind[static_cast<char>(policy::kind_of_rule(refused.rule))];
}

// Refusals first: mail that was taken is compared with those before it.
refusals::LogTail::Left RefusalsTask::read_log() {
  const std::lock_guard lock(mutex_);
  open();
  const auto take_line = [this](std::string_view line) { take(line); };
  if (refused_.read(octets_of_a_step, take_line) == refusals::LogTail::Left::More) return refusals::LogTail::Left::More;
  return accepted_.read(octets_of_a_step, take_line);
}

refusals::Terms RefusalsTask::terms() const {
  const auto settings = service_.settings();
  using refusals::Wanted;
  const auto& from = settings->refusals;
  return {.notices = from.notice() && !from.administrators().empty() ? Wanted::Yes : Wanted::No, .recipients = recipients_are_told(*settings) ? Wanted::Yes : Wanted::No,
          .likely_percent = static_cast<int>(from.likely()), .before = from.notice_before()};
}

refusals::LinkFor RefusalsTask::links() const {
  const auto settings = service_.settings();
  auto base = settings->refusals.link_url();
  while (base.ends_with('/')) base.pop_back();
  if (base.empty() || settings->listen.decisions().empty() || key_.empty()) return [](const policy::LedgerEntry&) { return std::string{}; };
  const auto expires = std::chrono::floor<std::chrono::seconds>(clock_.wall() + settings->refusals.link_life());
  return [base = std::move(base), key = key_, expires](const policy::LedgerEntry& entry) {
    return base + "/" + refusals::make_link(key, {entry.key.network, entry.key.sender, entry.key.recipient, expires});
  };
}

std::vector<Address> RefusalsTask::administrators() const {
  std::vector<Address> all;
  for (const auto& text : service_.settings()->refusals.administrators()) {
    if (text == "postmaster") all.push_back({"postmaster", ""});
    else if (auto address = smtp::parse_address(text)) all.push_back(*std::move(address));
  }
  return all;
}

refusals::Origin RefusalsTask::origin(std::vector<Language> languages) const {
  return {service_.hostname(), static_cast<std::uint16_t>(service_.settings()->node.id()), clock_.wall(), std::move(languages)};
}

bool RefusalsTask::send(const spool::GeneratedMail& mail) {
  const auto generated = spool_.generate({&mail, 1});
  if (!generated) {
    service_.log().write(events::storage_trouble, {.reason = generated.error().what});
    return false;
  }
  const auto recipient = mail.envelope.recipients.front().address.text();
  service_.log().write(events::mail_generated, {.message = mail.envelope.id, .null_sender = true, .recipient = recipient});
  return true;
}

bool RefusalsTask::may_notice(WallTime now) {
  std::erase_if(notices_sent_, [now](WallTime at) { return now - at >= 1h || at > now; });
  return notices_sent_.size() < most_notices_an_hour;
}

bool RefusalsTask::may_tell(const std::string& recipient, WallTime now) const {
  const auto last = recipients_told_.find(recipient);
  return last == recipients_told_.end() || now - last->second >= between_mails_to_one || last->second > now;
}

bool RefusalsTask::may_send_any(const refusals::Plan& due, WallTime now) {
  if (!due.giving_up.empty() && may_notice(now)) return true;
  return std::ranges::any_of(due.given_up, [&](const auto& row) { return may_tell(row.entry->key.recipient, now); });
}

std::vector<refusals::Row> RefusalsTask::with_copies(std::vector<refusals::Row> rows, const escrow::Overview& kept) const {
  const auto life = std::chrono::hours{24} * service_.settings()->refusals.escrow_days();
  for (auto& row : rows) {
    const auto [first, last] = kept.copies.equal_range(row.entry->key);
    for (auto copy = first; copy != last; ++copy) row.copies.push_back({copy->second.id, copy->second.taken + life});
  }
  return rows;
}

void RefusalsTask::send_notices(std::vector<refusals::Row> rows, const escrow::Overview& kept) {
  if (rows.empty() || !may_notice(clock_.wall())) return;
  rows = with_copies(std::move(rows), kept);
  const auto language = service_.settings()->alarm.language() == "japanese" ? Language::Japanese : Language::English;
  for (const auto& to : administrators())
    if (!send(refusals::notice_mail(rows, to, links(), origin({language})))) return;
  notices_sent_.push_back(clock_.wall());
  for (const auto& row : rows) told_.notice(row.entry->key, clock_.wall());
}

// `given_up` stands in the order of recipients.
void RefusalsTask::tell_recipients(const std::vector<refusals::Row>& given_up, const escrow::Overview& kept) {
  if (given_up.empty()) return;
  const auto settings = service_.settings();
  const auto directory = editor_.read();
  if (!directory) return service_.log().write(events::storage_trouble, {.text = "refusals", .reason = directory.error().what});
  std::size_t mails = 0;
  for (auto from = given_up.begin(); from != given_up.end() && mails < most_mails_to_recipients;) {
    const auto recipient = from->entry->key.recipient;
    const auto end = std::find_if(from, given_up.end(), [&](const auto& row) { return row.entry->key.recipient != recipient; });
    const auto rows = with_copies({from, end}, kept);
    from = end;
    if (!may_tell(recipient, clock_.wall())) continue;
    // A list's members did not wait for it.
    if (const auto to = smtp::parse_address(recipient); to && (*directory)->list(*to) == nullptr) {
      if (!send(refusals::given_up_mail(rows, *to, origin(languages_for(*settings, to->domain))))) return;
      ++mails;
      recipients_told_[recipient] = clock_.wall();
    }
    for (const auto& row : rows) told_.tell_recipient(row.entry->key, clock_.wall());
  }
}

bool RefusalsTask::digest_is_due(WallTime now) const {
  const auto slot = refusals::last_time_of_day(service_.settings()->refusals.digest_times(), now, local_zone(now));
  return slot && told_.last_digest < *slot;
}

void RefusalsTask::send_digest(WallTime now, const escrow::Overview& kept) {
  const auto settings = service_.settings();
  const auto from = std::max(told_.last_digest, now - looks_back);
  auto rows = refusals::digest_rows(ledger_, from, now);
  rows.rows = with_copies(std::move(rows.rows), kept);
  refusals::ForGood refused;
  for (auto hour = for_good_.lower_bound(hour_of(from)); hour != for_good_.end(); ++hour)
    for (const auto& [kind, count] : hour->second.by_kind) refused.by_kind[kind] += count;
  const auto language = settings->alarm.language() == "japanese" ? Language::Japanese : Language::English;
  for (const auto& to : administrators()) {
    const auto mail = refusals::digest_mail(rows, refused, {from, now}, to, links(), origin({language}));
    if (mail && !send(*mail)) return;
  }
  told_.last_digest = now;
}

// After the mails, whose ids follow from what they are about: once is once.
void RefusalsTask::keep() {
  auto text = told_.text();
  if (text == kept_) return;
  if (const auto written = io::replace_file(disk_, service_.path(folder::refusals) + "/told", text); written) kept_ = std::move(text);
  else service_.log().write(events::storage_trouble, {.text = "refusals", .reason = written.error().what});
}

void RefusalsTask::look() {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.wall();
  ledger_.forget(now - looks_back);
  for_good_.erase(for_good_.begin(), for_good_.lower_bound(hour_of(now - looks_back)));
  told_.forget(now);
  std::erase_if(recipients_told_, [&](const auto& one) { return may_tell(one.first, now); });
  auto due = refusals::plan(ledger_, told_, terms(), now);
  const bool digest = digest_is_due(now);
  // What must wait comes again with each look. Only for what is sent the head of each copy is read.
  if (!may_send_any(due, now) && !digest) return keep();
  const auto kept = escrow::overview(disk_, service_.path(folder::escrow));
  escrow::settle_released(ledger_, kept);
  due = refusals::plan(ledger_, told_, terms(), now);
  send_notices(std::move(due.giving_up), kept);
  tell_recipients(due.given_up, kept);
  if (digest) send_digest(now, kept);
  keep();
}

Task<Duration> RefusalsTask::step() {
  auto reading = workers_.run(loop_, [this] { return read_log(); });
  const auto left = co_await std::move(reading);
  if (left && *left == refusals::LogTail::Left::More) co_return between_steps;
  auto looking = workers_.run(loop_, [this] { look(); });
  const auto looked = co_await std::move(looking);
  (void)looked;
  co_return service_.settings()->refusals.check_interval();
}

Task<void> RefusalsTask::run() {
  return io::repeat(loop_, [this] { return step(); });
}

// ---- links -----------------------------------------------------------------------------------------------------------

bool RefusalsTask::carry_out(const refusals::LinkSubject& subject, Decision decision) {
  auto pattern = directory::normal_access_pattern(directory::AccessWho::Client, subject.network);
  if (!pattern) return false;
  directory::AccessRow row{.pattern = *std::move(pattern), .action = decision == Decision::Allow ? directory::AccessAction::Allow : directory::AccessAction::Refuse, .source = "refusals",
                           .note = "by a link about " + (subject.sender.empty() ? std::string("<>") : subject.sender), .added = std::chrono::floor<std::chrono::seconds>(clock_.wall())};
  row.note.resize(std::min(row.note.size(), directory::longest_access_text));
  for (char& c : row.note) c = is_ctl(c) ? ' ' : c;
  const auto set = editor_.set_access({row});
  if (!set) service_.log().write(events::storage_trouble, {.text = "refusals", .reason = set.error().what});
  else service_.log().write(events::directory_changed, {.by = "a link", .text = "refusals " + std::string(refusals::decision_name(decision)) + " " + row.pattern});
  return set.has_value();
}

DecisionReply RefusalsTask::decide(const refusals::DecisionRequest& request) {
  const std::lock_guard lock(mutex_);
  open();
  const auto now = clock_.wall();
  const auto subject = refusals::read_link(key_, request.link, now);
  if (!subject) return {.state = subject.error() == refusals::LinkFault::Expired ? DecisionReply::State::Expired : DecisionReply::State::Forged};
  DecisionReply reply{DecisionReply::State::Open, *subject, {}};
  const auto mark = refusals::link_mark(request.link);
  if (const auto* used = told_.used(mark)) {
    reply.state = DecisionReply::State::Decided;
    reply.decision = used->decision;
    return reply;
  }
  if (!request.decision) return reply;
  // Carried out first, which may be done twice: what a link says it did is done.
  if (!carry_out(*subject, *request.decision)) return {.state = DecisionReply::State::Trouble};
  told_.use(mark, {subject->expires, *request.decision});
  keep();
  reply.state = DecisionReply::State::Decided;
  reply.decision = request.decision;
  return reply;
}

Task<io::Message> RefusalsTask::answer(io::Message message, io::PeerProcess peer) {
  (void)peer;  // the channel admits root and our own user only
  const auto request = refusals::decode_decision_request(message.octets);
  DecisionReply reply{.state = DecisionReply::State::Trouble};
  if (request) {
    auto work = workers_.run(loop_, [this, &request] { return decide(*request); });
    auto decided = co_await std::move(work);
    if (decided) reply = std::move(*decided);
  }
  co_return io::Message{encode(reply), {}};
}

}  // namespace hikyaku::apps
