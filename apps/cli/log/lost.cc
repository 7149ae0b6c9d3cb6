// hikyaku log lost: mail that was accepted or made here, has no end in the log, and is not in the queue either.
#include <algorithm>
#include <set>
#include <thread>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/log/arguments.h"
#include "apps/cli/log/files.h"
#include "apps/cli/log/mail_account.h"
#include "apps/cli/queue/items.h"
#include "apps/cli/terminal/listing.h"
#include "apps/cli/value.h"
#include "apps/service/data_folders.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

constexpr std::chrono::seconds too_fresh{5};          // who was accepted since may have lines that are not written yet
constexpr std::chrono::hours an_hour_either_way{1};  // of whole days: the clock may have been changed since; the files decide
constexpr Duration until_lines_are_written = 500ms;
constexpr std::size_t most_asked_one_by_one = 500;
constexpr std::uint32_t page = 1'000;

// Of what the selected days began and did not end; accepted by `until`.
std::vector<OpenMail> without_end(const LogSelection& selection, WallTime begin, WallTime until) {
  MailAccount account(begin);
  for_each_line(selection, [&](const LogLine& line) {
    if (!MailAccount::concerns(line.text)) return true;
    if (const auto parsed = JsonView::parse(line.text)) account.take(*parsed);
    return true;
  });
  auto open = account.open();
  std::erase_if(open, [&](const OpenMail& mail) { return mail.accepted_at > until; });
  return open;
}

// Takes away what the queue's pages show. Mail that moves meanwhile may be on none. False: the reason was printed.
bool remove_listed(Invocation& call, QueueAccess& queue, std::vector<OpenMail>& mails) {
  std::set<std::string> listed;
  delivery::QueueListRequest request{.limit = page};
  for (bool more = true; more;) {
    const auto part = list_items(call, queue, request);
    if (!part) return false;
    for (const auto& item : part->items) listed.insert(item.id.text());
    more = part->next.has_value();
    if (more) request.after = *part->next;
  }
  std::erase_if(mails, [&](const OpenMail& mail) { return listed.contains(mail.message); });
  return true;
}

// Takes away what the queue has, each asked for by its id. False: the reason was printed. The queue is given back then: while deliver is stopped its lock is ours,
// and logs may be long.
bool remove_queued(Invocation& call, std::vector<OpenMail>& mails) {
  const auto queue = QueueAccess::open(call);
  if (!queue || (mails.size() > most_asked_one_by_one && !remove_listed(call, *queue, mails))) return false;
  std::vector<OpenMail> gone;
  for (auto& mail : mails) {
    const auto id = TraceId::parse(mail.message);
    if (!id) continue;
    const auto found = list_items(call, *queue, {.filter = {.id = *id}, .limit = 1});
    if (!found) return false;
    if (found->items.empty()) gone.push_back(std::move(mail));
  }
  mails = std::move(gone);
  return true;
}

// Neither in the queue nor ended, while mail goes on moving. Nothing: the reason was printed.
std::optional<std::vector<OpenMail>> lost(Invocation& call, const LogSelection& selection, WallTime begin, WallTime until) {
  auto mails = without_end(selection, begin, until);
  if (!mails.empty() && !remove_queued(call, mails)) return std::nullopt;
  if (mails.empty()) return mails;
  // What left the queue since the log was read has its end there by now.
  std::this_thread::sleep_for(until_lines_are_written);
  std::set<std::string> open;
  for (auto& mail : without_end(selection, begin, until)) open.insert(std::move(mail.message));
  std::erase_if(mails, [&](const OpenMail& mail) { return !open.contains(mail.message); });
  return mails;
}

Exit run(Invocation& call) {
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  const auto now = SystemClock().wall();
  LogSelection selection{.folder = apps::folder::in(settings->node.data(), apps::folder::log), .logs = {"inlog", "outlog", "outlocallog", "faillog"}};
  if (!may_look_into(call, selection.folder)) return Exit::Failed;
  const auto since = since_of(call, "--since", now).value_or(begin_of_day(now - 24h));
  selection.first_day = telemetry::day_text(since);
  const auto begin = since == begin_of_day(since) ? since - an_hour_either_way : since;
  if (selected_files(selection).empty()) return call.fail(Words{"there is no log of these days. Remedy: hikyaku log days names those that are kept.", "その期間のログはない。残っている日: hikyaku log days"});
  const auto mails = lost(call, selection, begin, now - too_fresh);
  if (!mails) return Exit::Failed;
  Listing listing(call, {{"ACCEPTED", "受付"}, {"ID", "ID"}, {"SENDER", "差出人"}, {"RECIPIENT", "宛先"}, {"ENDED", "済み"}},
                  {"Every mail that was accepted has its end in the log or is in the queue.", "受け付けたメールはすべて、ログに結果があるかキューにある。"});
  for (const auto& mail : *mails) {
    listing.json().object().member("message", mail.message).member("accepted_at", mail.accepted).member("sender", mail.sender).member("recipient", mail.recipient);
    listing.json().member("recipients", mail.recipients).member("ended", mail.ended.size()).end_object();
    listing.row({mail.accepted.substr(0, 19), mail.message, mail.sender.empty() ? "<>" : mail.sender, mail.recipient, std::to_string(mail.ended.size()) + "/" + std::to_string(mail.recipients)});
  }
  listing.print();
  return mails->empty() ? Exit::Done : Exit::Problem;
}

}  // namespace

Command log_lost_command() {
  return {.name = "log lost",
          .help = {"mail that was accepted, has no end in the log and is not in the queue", "受け付けたのに、ログに結果がなくキューにもないメール"},
          .options = {value_option("--since", Takes::Since, {"accepted from then on: 2h, 7d, 2026-11-25, \"2026-11-25 18:00\"; otherwise since yesterday", "この時刻以降に受け付けたもの。2h、7d、2026-11-25、\"2026-11-25 18:00\" など。省くと昨日から"})},
          .run = run,
          .more = {"The status is 3 when there is any. Mail of the last 5 seconds is not judged yet. What became of one: hikyaku trace ID. A crash of the machine may take the last lines of a log: mail that is named here may have arrived.",
                   "あれば終了コードは 3。直前 5 秒間のメールはまだ判定しない。各メールの経過は hikyaku trace ID。マシンが落ちるとログの末尾が失われることがあり、ここに出たメールが届いていることもある。"}};
}

}  // namespace hikyaku::cli
