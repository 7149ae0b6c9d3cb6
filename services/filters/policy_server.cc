#include "services/filters/policy_server.h"

#include "io/listener.h"

namespace hikyaku::filters {

using policy_delegation::Action;
using policy_delegation::ReplyReader;

std::unique_ptr<io::Connection> PolicyServers::take_idle(const std::string& socket) {
  auto& idle = idle_[socket];
  while (!idle.empty() && loop_.now() > idle.front().since + longest_idle) idle.pop_front();
  if (idle.empty()) return nullptr;
  auto connection = std::move(idle.back().connection);
  idle.pop_back();
  return connection;
}

Task<Result<ReplyReader, std::string>> PolicyServers::exchange(io::Connection& connection, const std::string& request, Deadline deadline) {
  auto writing = connection.write(request, deadline);
  const auto written = co_await std::move(writing);
  if (!written) co_return failure(trouble_text(written.error()));
  ReplyReader reply;
  while (reply.state() == ReplyReader::State::Reading) {
    auto reading = connection.read(deadline);
    const auto got = co_await std::move(reading);
    if (!got) co_return failure(trouble_text(got.error()));
    reply.receive(*got);
  }
  if (reply.state() == ReplyReader::State::Failed) co_return failure(std::string("it sent what is no answer"));
  connection.release_buffer();
  co_return reply;
}

// A server may have closed a connection that was kept: then a new one is tried.
Task<Result<std::string, std::string>> PolicyServers::talk(const settings::FilterRow& row, const std::string& request, Deadline deadline) {
  const auto address = socket_of(row.socket);
  if (!address) co_return failure(std::string("its socket has no such address"));
  std::string why;
  for (auto connection = take_idle(row.socket);; connection.reset()) {
    const bool kept = connection != nullptr;
    if (!kept) {
      auto connecting = io::connect(loop_, *address, deadline);
      auto connected = co_await std::move(connecting);
      if (!connected) co_return failure(trouble_text(connected.error()));
      connection = std::move(*connected);
    }
    auto exchanging = exchange(*connection, request, deadline);
    const auto reply = co_await std::move(exchanging);
    if (reply) {
      auto& idle = idle_[row.socket];
      if (reply->is_clean() && idle.size() < most_idle) idle.push_back({std::move(connection), loop_.now()});
      co_return reply->action();
    }
    if (!kept || loop_.now() >= deadline) co_return failure(reply.error());
  }
}

Task<Result<Action, std::string>> PolicyServers::ask(settings::FilterRow row, Asked& asked, AskTerms terms, const PolicyAttributes& attributes) {
  const settings::FilterRow by = std::move(row);
  const auto request = policy_delegation::request_text(attributes);
  const Deadline deadline = loop_.after(by.timeout);
  const auto resting = [] { return failure(std::string("it did not answer before, and is not asked for a while")); };
  if (asked.breaker.rests(loop_.now())) co_return resting();
  auto entering = asked.turns.enter(terms.at_once, deadline);
  const bool entered = co_await std::move(entering);
  if (!entered) co_return failure(std::string("all questions that may be with it at once were ([filters] parallel)"));
  const Turn turn(asked.turns);
  if (!asked.breaker.may_ask(loop_.now(), by.timeout)) co_return resting();  // it failed meanwhile
  auto talking = talk(by, request, deadline);
  const auto words = co_await std::move(talking);
  auto action = words ? policy_delegation::parse_action(*words) : std::nullopt;
  if (action) {
    asked.breaker.succeeded();
    co_return *std::move(action);
  }
  asked.breaker.failed(loop_.now(), terms.rest);
  co_return failure(words ? "it wants \"" + words->substr(0, 100) + "\", which is no action" : words.error());
}

}  // namespace hikyaku::filters
