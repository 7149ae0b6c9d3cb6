// ReportGathering: holds back, for a moment, the ends of recipients that cause a report, so that one report tells of all
// recipients of a message that fail together. Only ends whose repetition is harmless wait here: a refused recipient is
// asked once more after a crash, a mailbox copy is recognised. What a next hop took is written down at once.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "services/delivery/conclusion.h"

namespace hikyaku::delivery {

// What one attempt concluded of some recipients.
struct ConcludedPart {
  std::vector<Attempt> attempts;
  Conclusion conclusion;
  std::string destination;
  WallTime concluded_at{};
  MessagePointer message = {};  // as it was read for them
};

class ReportGathering {
 public:
  // Moves what may wait out of `whole`; nothing when the message has no other recipient to wait for, or no report is due.
  [[nodiscard]] static std::optional<ConcludedPart> take_reported(const Message& message, ConcludedPart& whole);

  enum class Place : std::uint8_t { First, Later };
  // First: the caller calls take() when the moment is over.
  Place add(const TraceId& message, ConcludedPart part);
  [[nodiscard]] std::vector<ConcludedPart> take(const TraceId& message);
  [[nodiscard]] std::size_t size() const { return parts_.size(); }

 private:
  std::unordered_map<TraceId, std::vector<ConcludedPart>> parts_;
};

// All outcomes and reports in one.
[[nodiscard]] Conclusion merged(const std::vector<ConcludedPart>& parts);

}  // namespace hikyaku::delivery
