#include "apps/supervisor/parent_link.h"

namespace hikyaku::apps {

std::optional<ControlMessage> ParentLink::next_kept() {
  if (kept_.empty()) return std::nullopt;
  auto message = std::move(kept_.front());
  kept_.pop_front();
  return message;
}

std::optional<ControlMessage> ParentLink::next() {
  if (auto message = next_kept()) return message;
  return receive_control(socket_);
}

bool ParentLink::tell(ControlKind kind, std::string text, std::vector<int> descriptors) {
  return send_control(socket_, {kind, std::move(text), std::move(descriptors)}, Duration::max());
}

std::optional<ControlMessage> ParentLink::ask(ControlKind kind, std::string text, ControlKind answer) {
  if (!tell(kind, std::move(text))) return std::nullopt;
  for (;;) {
    auto message = receive_control(socket_);
    if (!message || message->kind == answer) return message;
    kept_.push_back(std::move(*message));
  }
}

}  // namespace hikyaku::apps
