// What the fronts, the stores and `auth` say to each other, as values and as octets. Both ends are ours, but a front speaks to the
// world before it is trusted, so requests are parsed as foreign: pure, bounded, and a request that is not understood is
// answered with a temporary failure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "services/directory/auth_client.h"

namespace hikyaku::directory::auth_protocol {

inline constexpr std::string_view auth_reader_name = "auth";  // in the page of seen versions
inline constexpr std::size_t most_octets = 64 << 10;  // of a message

struct ResolveRequest { Address recipient; ReversePath sender; AccountId account; std::string client_address; };
struct RightsRequest { PeerContext peer; };
struct SendAsRequest { AccountId account; ReversePath reverse_path; WallTime logged_in{}; };
struct SentRequest { SentReport report; };
struct BeginRequest { std::string mechanism; std::optional<std::string> initial_response; PeerContext peer; };
struct StepRequest { std::uint64_t exchange = 0; std::string response; };
struct CancelRequest { std::uint64_t exchange = 0; };
struct LoginRequest { std::string user, password; PeerContext peer; };
struct RedeemRequest { std::string ticket; Protocol protocol{}; };
struct AccessRequest { std::uint64_t stamp = 0; std::uint32_t from = 0; };  // of the table that is known; 0: none
using Request = std::variant<ResolveRequest, RightsRequest, SendAsRequest, BeginRequest, StepRequest, CancelRequest, LoginRequest, RedeemRequest, AccessRequest, SentRequest>;

struct SendAsReply { SendRight right = SendRight::No; storage::Version version; };
struct ChallengeReply { std::uint64_t exchange = 0; std::string bytes; };
struct CancelReply {};
struct TicketRefusedReply {};
using Reply = std::variant<RecipientAnswer, PeerRights, SendAsReply, ChallengeReply, AuthSuccess, AuthFailure, TemporaryFailure, CancelReply,
                           Vouched, TicketRefusedReply, AccessPage>;

[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Reply& reply);
// Nothing: not a message of this protocol, or too large. Linear.
[[nodiscard]] std::optional<Request> decode_request(std::string_view bytes);
[[nodiscard]] std::optional<Reply> decode_reply(std::string_view bytes);

}  // namespace hikyaku::directory::auth_protocol
