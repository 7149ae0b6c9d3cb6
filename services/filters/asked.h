// Asked: what one loop knows of a program beside us: whether it answers (Breaker), and how many of our messages are with it (Turns).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "io/io_error.h"
#include "io/socket_address.h"
#include "services/filters/breaker.h"
#include "services/filters/turns.h"
#include "services/settings/filter_row.h"

namespace hikyaku::filters {

struct Asked {
  explicit Asked(io::Loop& loop) : turns(loop) {}
  Breaker breaker;
  Turns turns;
};

// By name and socket; those that the settings name no more are few, and stay.
class AllAsked {
 public:
  explicit AllAsked(io::Loop& loop) : loop_(loop) {}
  [[nodiscard]] Asked& of(const settings::FilterRow& row) {
    auto& asked = asked_[row.name + ' ' + row.socket];
    if (!asked) asked = std::make_unique<Asked>(loop_);
    return *asked;
  }

 private:
  io::Loop& loop_;
  std::map<std::string, std::unique_ptr<Asked>> asked_;
};

// The same for all of them.
struct AskTerms {
  Duration rest = std::chrono::seconds{30};  // of one that does not answer
  std::size_t at_once = 50;                  // texts, of one loop
};

// "/run/x.sock" too.
[[nodiscard]] std::optional<io::SocketAddress> socket_of(std::string_view text);
// "nobody listens at 127.0.0.1:5000", "it did not answer in time"
[[nodiscard]] std::string trouble_text(const io::IoError& error);

}  // namespace hikyaku::filters
