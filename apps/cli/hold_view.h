// Holds as people and programs read them, and the name of the hold that keeps a waiting recipient.
#pragma once

#include "apps/cli/command.h"
#include "services/delivery/queue.h"
#include "services/directory/directory.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

// "destination a.example", "送信者 <>".
[[nodiscard]] std::string selector_text(const Invocation& call, const directory::Hold& hold);
// As a table.
void print_holds(Invocation& call, const std::vector<directory::Hold>& holds, WallTime now);
void print_hold(Invocation& call, const directory::Hold& hold, WallTime now);
void write_hold(telemetry::JsonWriter& json, const directory::Hold& hold, WallTime now);

// Which hold keeps what is listed. Looks at the directory once.
class HoldsInForce {
 public:
  explicit HoldsInForce(Invocation& call, WallTime now);
  // Null: none.
  [[nodiscard]] const directory::Hold* of(const delivery::QueueItem& item) const;

 private:
  std::shared_ptr<const directory::Snapshot> directory_;
  std::vector<directory::Hold> running_;
  WallTime now_;
};

}  // namespace hikyaku::cli
