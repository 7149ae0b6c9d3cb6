#include "services/delivery/queue_audit.h"

#include <array>

#include "services/delivery/report/made_mail.h"
#include "services/delivery/schedule/failure_class.h"

namespace hikyaku::delivery {
namespace {

constexpr std::array<std::string_view, 7> names{"retry", "bounce", "delete", "redirect --to-host", "redirect --to-address", "hold", "release"};

std::string seconds(Duration time) { return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + "s"; }

}  // namespace

std::string filter_text(const QueueFilter& filter) {
  std::string text;
  const auto given = [&text](std::string_view option, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "" : " ") + std::string(option) + " " + value;
  };
  given("--id", filter.id ? filter.id->text() : "");
  given("--sender", filter.sender), given("--recipient", filter.recipient), given("--domain", filter.domain);
  given("--account", filter.account), given("--destination", filter.destination), given("--error", filter.error), given("--code", filter.code);
  if (filter.failure_class) given("--class", std::string(class_name(failure_class_of(*filter.failure_class))));
  if (filter.at_least_old > Duration{}) given("--older", seconds(filter.at_least_old));
  if (filter.at_most_old) given("--younger", seconds(*filter.at_most_old));
  if (filter.least_octets > 0) given("--larger", std::to_string(filter.least_octets));
  if (filter.most_octets < UINT64_MAX) given("--smaller", std::to_string(filter.most_octets));
  return text.empty() ? "--all" : text;
}

std::string command_text(const QueueActionRequest& request) {
  std::string text(names[static_cast<std::size_t>(request.action.kind)]);
  if (!request.action.to.empty()) text += " " + request.action.to;
  return text + " " + filter_text(request.filter);
}

void QueueAudit::carried_out(const QueueRequest& request, const QueueReply& reply, const std::vector<Touched>& touched, int pid) {
  const auto* act = std::get_if<QueueActionRequest>(&request);
  const auto* done = std::get_if<QueueActionReply>(&reply);
  if (act == nullptr || done == nullptr || act->run != ActionRun::Real) return;
  const auto what = command_text(*act);
  if (under_way_.pid != pid || under_way_.what != what || act->after == first_of_all) tell();
  under_way_.pid = pid, under_way_.what = what, under_way_.by = act->by;
  under_way_.recipients += done->recipients;
  std::optional<TraceId> told;
  for (const auto& one : touched) {
    if (one.again) continue;
    tell_end(act->action, one, act->by);
    if (one.became && one.became != told) tell_made(act->action, one);  // one mail for several recipients
    if (one.became) told = one.became;
  }
  if (!done->next) tell();
}

void QueueAudit::tell() {
  if (!under_way_.what.empty()) log_.write(telemetry::events::queue_changed, {.count = under_way_.recipients, .by = under_way_.by, .text = under_way_.what});
  under_way_ = {};
}

void QueueAudit::tell_end(const QueueAction& action, const Touched& one, const std::string& by) const {
  using namespace telemetry;
  Fields fields{.message = one.id, .sender = one.sender, .null_sender = one.sender.empty(), .recipient = one.address, .destination = one.destination, .by = by};
  fields.accepted_at = one.accepted_at;
  const std::string copy = one.became ? one.became->text() : "";
  if (action.kind == QueueActionKind::RedirectAddress) {
    fields.count = 1, fields.text = copy, fields.reason = "redirected by operator";
    log_.write(events::mail_expanded, fields);
    return;
  }
  fields.reply = one.last_reply;
  fields.reason = action.kind == QueueActionKind::Delete ? "deleted by operator" : "returned by operator";
  log_.write(events::mail_failed, fields);
}

void QueueAudit::tell_made(const QueueAction& action, const Touched& one) const {
  using namespace telemetry;
  if (action.kind == QueueActionKind::Bounce)
    log_.write(events::mail_generated, {.message = *one.became, .parent = one.id, .null_sender = true, .recipient = one.sender, .text = made::report});
  else
    log_.write(events::mail_generated, {.message = *one.became, .parent = one.id, .sender = one.sender, .null_sender = one.sender.empty(), .recipient = action.to, .original_recipient = one.address});
}

}  // namespace hikyaku::delivery
