// Asks a policy server (Postfix's policy delegation protocol) about one recipient. Connections are kept for the next question; no call lasts longer than the
// row's time.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/connection.h"
#include "protocol/policy_delegation/delegation.h"
#include "services/filters/asked.h"

namespace hikyaku::filters {

using PolicyAttributes = std::vector<std::pair<std::string_view, std::string_view>>;

// Of one loop.
class PolicyServers {
 public:
  static constexpr std::size_t most_idle = 20;  // connections kept, of each server
  static constexpr Duration longest_idle = std::chrono::seconds{60};

  explicit PolicyServers(io::Loop& loop) : loop_(loop) {}

  // The error is a clause: why it did not say.
  Task<Result<policy_delegation::Action, std::string>> ask(settings::FilterRow row, Asked& asked, AskTerms terms, const PolicyAttributes& attributes);

 private:
  struct Idle {
    std::unique_ptr<io::Connection> connection;
    Instant since;
  };
  Task<Result<std::string, std::string>> talk(const settings::FilterRow& row, const std::string& request, Deadline deadline);
  Task<Result<policy_delegation::ReplyReader, std::string>> exchange(io::Connection& connection, const std::string& request, Deadline deadline);
  [[nodiscard]] std::unique_ptr<io::Connection> take_idle(const std::string& socket);

  io::Loop& loop_;
  std::map<std::string, std::deque<Idle>> idle_;  // by socket
};

}  // namespace hikyaku::filters
