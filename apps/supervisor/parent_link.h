// The control process's end of the link to its parent: orders, and answers waited for while events are kept in order.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "apps/service/control.h"
#include "apps/supervisor/messages.h"

namespace hikyaku::apps {

class ParentLink {
 public:
  explicit ParentLink(int socket) : socket_(socket) {}
  [[nodiscard]] int descriptor() const { return socket_; }
  [[nodiscard]] bool has_kept() const { return !kept_.empty(); }

  // The next event: kept ones first, else one from the socket (blocks). Nothing: the parent is gone.
  [[nodiscard]] std::optional<ControlMessage> next();
  // The same without waiting for the socket's events.
  [[nodiscard]] std::optional<ControlMessage> next_kept();

  bool tell(ControlKind kind, std::string text = "", std::vector<int> descriptors = {});
  // Asks and waits for the answer of that kind; events that come between are kept.
  [[nodiscard]] std::optional<ControlMessage> ask(ControlKind kind, std::string text, ControlKind answer);

 private:
  int socket_;
  std::deque<ControlMessage> kept_;
};

}  // namespace hikyaku::apps
