// What the operator's content rows find in a message.
#include "apps/receive/arrived_text.h"
#include "apps/receive/session.h"
#include "protocol/mime/header.h"

namespace hikyaku::receive {
namespace {

using directory::ContentAction;
using directory::ContentMode;
using filters::HeaderEdit;

constexpr std::size_t most_at_once = 4;  // of one loop
constexpr Duration longest_wait = std::chrono::minutes{3};
constexpr std::string_view tag_field = "X-Content-Filter";

struct Inspected {
  std::vector<filters::ContentFound> found;
  bool has_tag = false;  // the sender's
};

Inspected inspect(const filters::ContentTable& table, std::string_view message, const std::optional<io::IpAddress>& client) {
  return {table.inspect(message, client), mime::find_field(message.substr(0, static_cast<std::size_t>(mime::header_octets(message))), tag_field).has_value()};
}

}  // namespace

Task<filters::Heard> Session::ask_content(Arrival& arrival, Envelope& envelope) {
  if (policies_->policy.rules.mode(policy::RuleId::Content) == policy::Mode::Off) co_return Heard{};
  // Our own trouble puts mail off where the rows are in force, and has no effect in shadow.
  const bool in_force = policies_->policy.rules.mode(policy::RuleId::Content) == policy::Mode::Enforce;
  const auto put_off = [in_force](const smtp::Reply& reply) { return in_force ? Heard{Heard::Kind::Defer, reply, {}, {}} : Heard{}; };
  auto asking = front_.reception.access.current({front_.loop, front_.reception.workers, front_.auth});
  const auto rows = co_await std::move(asking);
  if (!rows) co_return put_off(cannot_ask);
  if (rows->content.empty()) co_return Heard{};
  // A text is whole in memory meanwhile: few at once, the others wait in turn.
  auto entering = front_.inspecting.enter(most_at_once, front_.loop.after(longest_wait));
  const bool entered = co_await std::move(entering);
  if (!entered) co_return put_off({451, {4, 3, 2}, "The server is too busy, try again later"});
  const filters::Turn turn(front_.inspecting);
  auto reading = whole_text(ArrivedText(front_.loop, front_.reception.workers, arrival.sink, arrival.ours, policies_->settings->filters.size().octets));
  const auto text = co_await std::move(reading);
  if (!text) co_return put_off({451, {4, 3, 0}, "The message could not be read, try again later"});
  auto working = front_.reception.workers.run(front_.loop, [&table = rows->content, &text, this] { return inspect(table, *text, address_); });
  const auto inspected = co_await std::move(working);
  if (!inspected) co_return put_off({451, {4, 3, 2}, "The server is too busy, try again later"});
  Heard heard;
  if (inspected->has_tag) heard.edits.push_back({HeaderEdit::Kind::Remove, 0, std::string(tag_field), {}});
  std::vector<std::string> passed;  // recipients whom a row of theirs lets have it
  for (const auto& found : inspected->found) {
    take_content(found, arrival, envelope, passed, heard);
    if (heard.kind == Heard::Kind::Refuse) break;
  }
  co_return heard;
}

// One row's finding: of all recipients it is a verdict; some recipients' copies are refused where the client hears of each, else kept back.
void Session::take_content(const filters::ContentFound& found, Arrival& arrival, const Envelope& envelope, std::vector<std::string>& passed, Heard& heard) {
  const auto& row = *found.row;
  std::vector<std::string> concerned, spared;
  for (const auto& recipient : envelope.recipients) {
    auto to = recipient.address.text();
    if (!filters::ContentTable::concerns(row, recipient.address) || std::ranges::find(passed, to) != passed.end()) continue;
    concerned.push_back(to);
    if (is_spared(recipient.address)) spared.push_back(std::move(to));
  }
  if (concerned.empty()) return;
  const auto rule_mode = policies_->policy.rules.mode(policy::RuleId::Content);
  policy::Finding finding{.rule = policy::RuleId::Content, .mode = row.mode == ContentMode::Shadow ? policy::Mode::Shadow : rule_mode};
  if (row.action == ContentAction::Refuse) finding.reply = {550, {5, 7, 1}, "The message is refused for what is in it"};
  if (policies_->policy.rules.name_rules && finding.reply.code != 0) finding.reply.text += " [content]";
  finding.evidence = row.name + " (" + std::string(directory::content_action_name(row.action)) + "): " + found.evidence;
  log_finding(finding, concerned.front(), &arrival.id);
  if (finding.mode != policy::Mode::Enforce) return;
  // Strangers' copies for these come apart unless each recipient is answered (must_come_apart).
  std::erase_if(concerned, [&](const auto& to) { return std::ranges::find(spared, to) != spared.end(); });
  if (concerned.empty()) return;
  const auto others = envelope.recipients.size() - concerned.size();
  if (row.action == ContentAction::Pass) return void(passed.insert(passed.end(), concerned.begin(), concerned.end()));
  const std::string why = "content " + row.name + ": " + found.evidence;
  if (row.action == ContentAction::Tag) {
    if (others == 0) heard.edits.push_back({HeaderEdit::Kind::Append, 0, std::string(tag_field), " " + row.name});
  } else if (others > 0 && row.action == ContentAction::Refuse && talk_.answers_each_recipient()) {
    for (const auto& to : concerned) arrival.outcome.refuse(to, finding.reply);
    passed.insert(passed.end(), concerned.begin(), concerned.end());  // no other row counts
  } else if (others > 0) {
    for (const auto& to : concerned) arrival.outcome.keep_back(to, why);
  } else if (row.action == ContentAction::Refuse) {
    heard.kind = Heard::Kind::Refuse;
    heard.reply = finding.reply;
  } else {
    heard.kind = Heard::Kind::Quarantine;
    heard.why += (heard.why.empty() ? "" : "; ") + why;
  }
}

}  // namespace hikyaku::receive
