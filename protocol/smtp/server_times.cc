// What a client may ask of a message's time (time_parameters.h): what is offered, what is refused, what is written down.
#include <tuple>

#include "protocol/smtp/server_conversation.h"

namespace hikyaku::smtp {

void ServerConversation::announce_times(std::vector<std::string>& words) const {
  const auto& times = config_->times;
  if (times.priority) words.push_back(times.priority_policy.empty() ? "MT-PRIORITY" : "MT-PRIORITY " + times.priority_policy);
  if (takes_hold())  // RFC 4865 §3, §4.2
    words.push_back("FUTURERELEASE " + std::to_string(times.longest_hold.count()) + ' ' + date_time_text(now_ + times.longest_hold));
  if (takes_by()) words.push_back(times.shortest_by.count() > 0 ? "DELIVERBY " + std::to_string(times.shortest_by.count()) : "DELIVERBY");
}

std::optional<Reply> ServerConversation::reason_against_times(const MailCommand& command) const {
  const auto& [priority, hold, by] = std::tie(command.parameters.priority, command.parameters.hold, command.parameters.by);
  const auto& times = config_->times;
  const Reply unknown{555, {5, 5, 4}, "Unknown parameter"};
  if ((priority && !times.priority) || (hold && !takes_hold()) || (by && !takes_by())) return unknown;
  if (hold) {
    // RFC 4865 §4.2, items 7 and 8. The limit may have moved by the time since EHLO.
    const auto at = hold->seconds > 0 ? now_ + std::chrono::seconds{hold->seconds} : hold->until;
    if (at > now_ + times.longest_hold)
      return Reply{501, {5, 5, 4}, "The message would be held too long: at most " + std::to_string(times.longest_hold.count()) + " seconds"};
    if (at <= now_) return Reply{501, {5, 5, 4}, "The time until which the message is to be held is over"};
    if (command.reverse_path.is_null()) return Reply{501, {5, 5, 4}, "An error mail is not held"};  // §5.1.1
    // §5.2.2
    if (by && now_ + std::chrono::seconds{by->seconds} <= at)
      return Reply{501, {5, 5, 4}, "The message would be released only after the time by which it is to be delivered"};
  }
  // RFC 2852 §3
  if (by && by->mode == ByMode::Return && by->seconds < times.shortest_by.count())
    return Reply{555, {5, 5, 4}, "A message can be returned (BY=...;R) after " + std::to_string(times.shortest_by.count()) + " seconds at the soonest"};
  return std::nullopt;
}

void ServerConversation::take_times(const MailParameters& parameters) {
  Envelope& envelope = transaction_->envelope;
  if (parameters.priority) {
    // RFC 6710 §4.1: nobody is urgent who is not trusted; to be less so is everybody's right.
    const bool trusted = peer_.may_be_urgent || !account_.empty();
    envelope.priority = std::min(*parameters.priority, trusted ? config_->times.most_urgent : std::int8_t{0});
    transaction_->priority_changed = envelope.priority != *parameters.priority;
  }
  if (const auto& hold = parameters.hold)
    envelope.release = FutureRelease{hold->seconds > 0 ? now_ + std::chrono::seconds{hold->seconds} : hold->until, hold->seconds};
  if (const auto& by = parameters.by) envelope.deliver_by = DeliverBy{now_ + std::chrono::seconds{by->seconds}, by->mode, by->trace};
}

Reply ServerConversation::sender_ok() const {
  if (!transaction_->priority_changed) return {250, {2, 1, 0}, "Sender ok"};
  return {250, {2, 3, 6}, std::to_string(transaction_->envelope.priority) + " is the priority of the message"};
}

}  // namespace hikyaku::smtp
