"""Sage Intacct's face: the ledger as one company with entities, in the protocols of its REST API and XML gateway.

What stands in the books becomes what the vendor would have made of it:

- Each entity's books are an entity (`E100`, `E200` ...). Some customers of the first entity are billed at the
  *top level*: their documents belong to no entity. A customer whom a group shares is one record for all.
- An *invoice* is an AR invoice, mostly one from order entry, which is deleted and re-created under a new number
  whenever somebody edits it. A *credit note* is an adjustment of negative amounts or a negative invoice, a
  *prepayment* an advance, an *overpayment* an overpayment or a manual deposit.
- What is *voided* is reversed by a record of its own; a draft that is *deleted* is gone, and so is the use of a
  credit that is taken back. The audit history tells of it, hours later.
- A *payment* is a receipt with details; taken back, it is reversed by a second one. A *refund* is a debit memo
  that the credit settles, since the gateway knows no other way. A *write-off* is a payment that no bank saw.
- The use of a credit is a detail, too, below a payment of zero.
"""
