// Relay: carries octets between a logged-in client and its store until one of them ends. An idle one holds no buffer;
// each direction waits for its own receiver, so a slow client stops its store and nothing else.
#pragma once

#include <memory>

#include "base/task.h"
#include "io/address_limit.h"
#include "io/connection.h"

namespace hikyaku::apps::front {

struct Relayed {
  std::unique_ptr<io::Connection> client;  // usually under TLS
  std::unique_ptr<io::Connection> store;
  int store_socket = -1;                   // of `store`, to end our direction alone
  io::AddressLimit::Place place;           // held as long as the client is here
};

// Returns when both directions have ended and the client's stream is closed. A client that has only finished sending
// still gets what the store has to say. Waits without limit for octets (the store ends silent sessions), and at most
// `stall_limit` for a receiver that takes nothing.
Task<void> relay(io::Loop& loop, Relayed ends, Duration stall_limit = 5min);

}  // namespace hikyaku::apps::front
