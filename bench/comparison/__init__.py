"""What bench/peers is made of.

processes  children that end with us, and namespaces      machine  processor time and memory
engines    how each network is started                    relay    loses and delays frames (a program)
servers    what the guest talks to, on the host           guest    one namespace with its network
parts      the measurements                               report   table, CSV, chart, README
"""
