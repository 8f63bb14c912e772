"""The network, the server's load and hostile clients: real sockets, real processes, this machine.

What a road does to a request is in proxy.py; loss and slowness of a whole link, in a network
namespace of our own, in link.py; a thousand trucks at once in fleet.py.
"""
