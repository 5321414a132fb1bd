#pragma once

// SingleFlight<Key, Value, Hash>: of N concurrent calls for one key, one computes and the others wait for its answer.
//
// Interface (the implementer of this file writes it out):
//   auto flight = flights.join(key);            // Leader or follower?
//   if (flight.leads()) { flight.resolve(Result<Value>); }   // Must resolve; a leader destroyed without resolving
//                                               // hands `cancelled` to its followers.
//   else { Result<Value> v = flight.wait(deadline); }        // timed_out when the leader takes too long.
// Joining many keys before waiting for any is allowed and can't deadlock, as long as a caller resolves all
// keys that it leads before it waits for those that it follows.
