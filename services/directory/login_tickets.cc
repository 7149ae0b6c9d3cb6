#include "services/directory/login_tickets.h"

#include "base/wire.h"
#include "protocol/sasl/scram_keys.h"
#include "services/directory/verifier.h"

namespace hikyaku::directory {

namespace {

// The first 8 octets find a ticket, the other 24 prove it, compared in constant time.
std::uint64_t number_of(std::string_view ticket) { return WireReader(ticket.substr(0, 8)).u64(); }

}  // namespace

void LoginTickets::forget_oldest() {
  tickets_.erase(ages_.front());
  ages_.pop_front();
}

std::string LoginTickets::issue(Login login, Instant now) {
  while (tickets_.size() >= most_tickets || (!ages_.empty() && tickets_.at(ages_.front()).until <= now)) forget_oldest();
  std::string ticket = random_octets(ticket_octets);
  while (tickets_.contains(number_of(ticket))) ticket = random_octets(ticket_octets);
  const auto number = number_of(ticket);
  ages_.push_back(number);
  tickets_.emplace(number, Ticket{ticket.substr(8), std::move(login), now + lifetime, std::prev(ages_.end())});
  return ticket;
}

std::optional<LoginTickets::Login> LoginTickets::redeem(std::string_view ticket, Protocol protocol, Instant now) {
  if (ticket.size() != ticket_octets) return std::nullopt;
  const auto found = tickets_.find(number_of(ticket));
  if (found == tickets_.end()) return std::nullopt;
  auto [secret, login, until, age] = std::move(found->second);
  ages_.erase(age);
  tickets_.erase(found);
  const bool proven = sasl::equal_in_constant_time(secret, ticket.substr(8));
  if (!proven || until <= now || login.protocol != protocol) return std::nullopt;
  return login;
}

}  // namespace hikyaku::directory
