#include "services/delivery/report/report_gathering.h"

#include <algorithm>
#include <set>
#include <utility>

namespace hikyaku::delivery {
namespace {

// Moves the elements that `chosen` names, in order.
template <class T, class Chosen>
std::vector<T> move_out(std::vector<T>& from, Chosen chosen) {
  std::vector<T> taken, left;
  for (auto& one : from) (chosen(one) ? taken : left).push_back(std::move(one));
  from = std::move(left);
  return taken;
}

}  // namespace

std::optional<ConcludedPart> ReportGathering::take_reported(const Message& message, ConcludedPart& whole) {
  if (message.envelope.recipients.size() < 2) return std::nullopt;
  std::set<std::uint32_t> waiting;
  for (const auto& report : whole.conclusion.reports)
    if (report.action != Action::Relayed) waiting.insert(report.index);
  if (waiting.empty()) return std::nullopt;
  const auto waits = [&](std::uint32_t recipient) { return waiting.contains(recipient); };
  ConcludedPart part;
  part.concluded_at = whole.concluded_at;
  part.destination = whole.destination;
  part.message = whole.message;
  part.attempts = move_out(whole.attempts, [&](const Attempt& one) { return waits(one.recipient); });
  part.conclusion.outcomes = move_out(whole.conclusion.outcomes, [&](const auto& one) { return waits(one.recipient); });
  part.conclusion.reports = move_out(whole.conclusion.reports, [&](const auto& one) { return waits(one.index); });
  return part;
}

ReportGathering::Place ReportGathering::add(const TraceId& message, ConcludedPart part) {
  auto& parts = parts_[message];
  parts.push_back(std::move(part));
  return parts.size() == 1 ? Place::First : Place::Later;
}

std::vector<ConcludedPart> ReportGathering::take(const TraceId& message) {
  auto node = parts_.extract(message);
  return node.empty() ? std::vector<ConcludedPart>{} : std::move(node.mapped());
}

Conclusion merged(const std::vector<ConcludedPart>& parts) {
  Conclusion all;
  for (const auto& part : parts) {
    const auto& one = part.conclusion;
    all.outcomes.insert(all.outcomes.end(), one.outcomes.begin(), one.outcomes.end());
    all.reports.insert(all.reports.end(), one.reports.begin(), one.reports.end());
  }
  // By the envelope, whoever ended first: the same ends make the same report.
  std::ranges::sort(all.reports, {}, &RecipientReport::index);
  return all;
}

}  // namespace hikyaku::delivery
